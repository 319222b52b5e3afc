--[[
  A worker read calls that nobody had answered yet. If only reads tell of the answer, the last such instant counts
  as the answer's. A stage only goes forward.

    ARGV[1]  asked_at  before which instant they were read, by the clock of Redis
    ARGV[2…] attempt and stage ("queued" or "ringing"), for each of them

  Returns nothing.
]]
local asked_at = tonumber(ARGV[1])

for at = 2, #ARGV, 2 do
  local record = attempt_key(ARGV[at])
  local stage, before, over_at = unpack(redis.call("HMGET", record, "stage", "unanswered_at", "over_at"))
  if stage and stage ~= "answered" and not over_at then
    if numeric(before, 0) < asked_at then
      redis.call("HSET", record, "unanswered_at", exact(asked_at))
    end
    if stage == "queued" and ARGV[at + 1] == "ringing" then
      redis.call("HSET", record, "stage", "ringing")
    end
  end
end
