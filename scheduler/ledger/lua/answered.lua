--[[
  The callee has answered: from now on the deadline is `max_duration` after that. An answer on record stays,
  because a later report may know less.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  answered_at  by the clock of Redis; "" for the last instant at which a read showed no answer:
                          by that the call may end too early, never too late
    ARGV[4]  now          "" for the server's clock

  Returns 1; 0 if an answer is on record, the connection is over, or the provider does not tell the callee's
  answer from its own.
]]
local account, attempt, now = ARGV[1], ARGV[2], clock(ARGV[4])

return pick_up(account, call_of(attempt), ARGV[3], false, now)
