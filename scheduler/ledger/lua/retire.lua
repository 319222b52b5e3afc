--[[
  Erase the contacts and calls of a campaign that was finished long ago, some at a time. Its name, its
  numbers and the record of its controls stay, so that its id is never called again by accident.

    ARGV[1]  campaign
    ARGV[2]  before  only when it was finished before this instant
    ARGV[3]  most    calls to erase in this step
    ARGV[4]  now     "" for the server's clock

  Returns how many calls are left to erase; -1 if it may not be retired, because it is not finished, finished too
  late, or has something under way.
]]
local campaign, before, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local now = clock(ARGV[4])
local meta = campaign_key(campaign, "meta")

local state, finished_at, account, total, retired =
  unpack(redis.call("HMGET", meta, "state", "finished_at", "account", "total", "retired"))
if state ~= "finished" or tonumber(finished_at) >= before then
  return -1
end

-- Whether a stop is repeated, an unknown call holds a slot, or something is still to be read or sent.
local function is_under_way()
  local prefix = campaign .. ":"
  for _, part in ipairs({ "live", "slots", "stops", "collect" }) do
    for _, attempt in ipairs(redis.call("ZRANGE", account_key(account, part), 0, -1)) do
      if string.sub(attempt, 1, #prefix) == prefix then
        return true
      end
    end
  end
  for _, news in ipairs(redis.call("ZRANGE", account_key(account, "webhooks"), 0, -1)) do
    if string.find(news, " " .. campaign .. ":", 1, true) or string.find(news, " " .. campaign .. " ", 1, true) then
      return true
    end
  end
  return false
end

if not retired then
  if is_under_way() then
    return -1
  end
  redis.call("HSET", meta, "retired", 0, "retired_at", exact(now))
end
local done = numeric(retired, 0)
local last = math.min(tonumber(total), done + most)
for row = done + 1, last do
  local key = ROOT .. "call:" .. campaign .. ":" .. row
  for number = 1, numeric(redis.call("HGET", key, "attempt"), 0) do
    local record = attempt_key(campaign .. ":" .. row .. ":" .. number)
    redis.call("UNLINK", record, record .. ":insights", record .. ":words")
  end
  redis.call("UNLINK", key, key .. ":said")
end
redis.call("HSET", meta, "retired", last)
if last == tonumber(total) then
  for _, part in ipairs({ "contacts", "known", "due", "columns", "retried", "outcomes", "failures", "said" }) do
    redis.call("UNLINK", campaign_key(campaign, part))
  end
end
return tonumber(total) - last
