--[[
  A stop was sent without a record, and nobody knows what came of it. Should the next one be answered
  "no such connection", then this one may have ended the call, and the far end has not hung up.

    ARGV[1]  account
    ARGV[2]  attempt
]]
local record = attempt_key(ARGV[2])

if redis.call("HEXISTS", record, "connection_id") == 1 then
  redis.call("HSET", record, "stop_unrecorded", 1)
end
