--[[
  A worker read the provider's own final status of a call: free its slot and end its call, even if nobody
  ordered a stop. The attempt's record keeps the other facts that were read.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  disposition  of the call, if this attempt is its current one
    ARGV[4]  reason       of it, "" for none
    ARGV[5]  message      what the provider said of it, "" for nothing
    ARGV[6]  is_final     "1" if the call is never dialled again, and counts as a failure
    ARGV[7]  now          "" for the server's clock
    ARGV[8…] field and value, for each fact that was read: answered_at, duration, answered_by, …

  Returns 1; 0 if the end was on record already, or if no connection is.
]]
local account, attempt, disposition, reason, message, is_final = unpack(ARGV, 1, 6)
local now = clock(ARGV[7])
local call, record = call_of(attempt), attempt_key(attempt)

if redis.call("HEXISTS", record, "connection_id") == 0 or redis.call("HEXISTS", record, "over_at") == 1 then
  return 0
end
if #ARGV > 7 then
  redis.call("HSET", record, unpack(ARGV, 8))
end
if redis.call("HEXISTS", record, "price") == 0 then
  redis.call("ZADD", account_key(account, "prices"), exact(now + PRICED_AFTER), attempt)
end
close_connection(call, account, now)
owe_collect(call, account, now)
if call.fresh and (call.state == CONNECTED or call.state == STOPPING) then
  if is_final == "1" then
    end_call(call, disposition, reason, message, now, "rejected")
  else
    end_attempt(call, disposition, reason, message, now)
  end
end
return 1
