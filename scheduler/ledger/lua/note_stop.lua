--[[
  A stop was sent without a record, and nobody knows what came of it. Should the next one be answered
  "no such connection", then this one may have ended the call, and the far end has not hung up.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  late     by how many seconds it was sent late; "" where it was not the first
]]
local record = attempt_key(ARGV[2])

if redis.call("HEXISTS", record, "connection_id") == 1 then
  redis.call("HSET", record, "stop_unrecorded", 1)
  if ARGV[3] and ARGV[3] ~= "" then
    redis.call("HSETNX", record, "stop_late", exact(tonumber(ARGV[3])))
  end
end
