--[[
  What a decision about the account's limit is made from.

    ARGV[1]  account
    ARGV[2]  now  "" for the server's clock

  Returns version, learned, refusals, raise_at, step (each "" when nothing is known), the number of live
  connections (with those that may be: whose answer was lost) and of slots in use, how many 429s came
  in a row, how many starts were accepted since the last one, and the instant.
]]
local account, now = ARGV[1], clock(ARGV[2])
local version, learned, refusals, raise_at, step, in_row, accepted = unpack(redis.call("HMGET",
  account_key(account, "meta"), "limit_version", "learned", "refusals", "raise_at", "step",
  "refused_in_row", "accepted"))
return { version or "0", learned or "", refusals or "", raise_at or "", step or "0", open_legs(account),
  redis.call("ZCARD", account_key(account, "slots")), in_row or "0", accepted or "0", exact(now) }
