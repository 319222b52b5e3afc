--[[
  Give slot and attempt back: no phone rang. The call is due again and no attempt is used up.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  token     of `begin`; "" if `begin` never ran
    ARGV[4]  delay     seconds until the call is due again
    ARGV[5]  signal    "answered", "failed" or "": what this says about the provider
    ARGV[6]  message   what the provider said, "" for nothing
    ARGV[7]  close     seconds for which nobody claims more after a 429; "" otherwise
    ARGV[8…13]  after a 429: version of the limit that was seen, and learned, refusals, raise_at, step,
                had that follow from it; dropped when another worker has changed the limit since
    ARGV[14] now       "" for the server's clock

  Returns 1; 0 when the attempt is stale.
]]
local account, attempt, token, delay, signal, message, close = unpack(ARGV, 1, 7)
local seen, now = ARGV[8], clock(ARGV[14])
local call, record = call_of(attempt), attempt_key(attempt)

if not call.fresh or (call.state ~= CLAIMED and call.state ~= DIALING) then
  return 0
end
if call.state == DIALING then
  if redis.call("HGET", record, "token") ~= token then
    return 0
  end
  count_attempts(call, -1)
  not_called(call)
end
wait_again(call, account, now + tonumber(delay), now)
redis.call("DEL", record)
if message ~= "" then
  redis.call("HSET", call.key, "error", message)
end
hear(account, attempt, signal, now)
if close ~= "" then
  refused_at_limit(account, attempt, message, close, seen, now, unpack(ARGV, 9, 13))
end
return 1
