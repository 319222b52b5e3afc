--[[
  A worker sent a stop without a record, and nobody knows its effect. If the API answers the next stop with
  "no such connection", this one may have ended the call, so the answer does not mean that the far end hung up.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  late     by how many seconds it was sent late; "" if it was not the first
]]
local record = attempt_key(ARGV[2])

if redis.call("HEXISTS", record, "connection_id") == 1 then
  redis.call("HSET", record, "stop_unrecorded", 1)
  if ARGV[3] and ARGV[3] ~= "" then
    redis.call("HSETNX", record, "stop_late", exact(tonumber(ARGV[3])))
  end
end
