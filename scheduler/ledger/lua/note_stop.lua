--[[
  A worker sent a stop without a record, and nobody knows its effect. If the API answers the next stop with
  "no such connection", this one may have ended the call, so the answer does not mean that the far end hung up.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  late     by how many seconds it was sent late; "" if it was not the first
    ARGV[4]  cause    why this stop will have ended the call late; "" if nothing went wrong
    ARGV[5]  said     the API's answer, if it did not confirm the stop; "" for none
]]
local record = attempt_key(ARGV[2])

if redis.call("HEXISTS", record, "connection_id") == 1 then
  redis.call("HSET", record, "stop_unrecorded", 1)
  if ARGV[3] and ARGV[3] ~= "" then
    redis.call("HSETNX", record, "stop_late", exact(tonumber(ARGV[3])))
  end
  for at, field in ipairs({ "stop_error_kind", "stop_error" }) do
    if ARGV[3 + at] and ARGV[3 + at] ~= "" then
      redis.call("HSET", record, field, ARGV[3 + at])
    end
  end
end
