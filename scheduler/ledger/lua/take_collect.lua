--[[
  Take one conversation that is due to be read; if its reader dies, it is due again.

    ARGV[1]  account
    ARGV[2]  lease  seconds until it is due again; doubled for each earlier reading that broke off
    ARGV[3]  only   the campaign that is served; "" for all
    ARGV[4]  now    "" for the server's clock

  Returns attempt, conversation_id, the seconds since its connection was over, how often it was read
  before, the digest of what was read last, the campaign's policy, how many readings before this one broke off,
  and the connection; nil if nothing is due. conversation_id is "" if there is none.
]]
local account, lease, only = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local now = clock(ARGV[4])
local collect = account_key(account, "collect")

local function take(attempt)
  if not is_attempt(attempt) then
    set_aside(account, "collect", attempt, "it is no attempt")
    return nil
  end
  local call = call_of(attempt)
  local policy = redis.call("HGET", campaign_key(call.campaign, "meta"), "policy")
  local conversation, over_at, reads, digest, connection =
    unpack(fields_of(attempt_key(attempt), "conversation_id", "over_at", "reads", "read_digest", "connection_id"), 1, 5)
  if not policy or not (conversation or connection) then
    redis.call("ZREM", collect, attempt) -- it was erased
    return nil
  end
  -- Count the reading before it begins: the content may be what kills its readers.
  local unfinished = increase(attempt_key(attempt), "reading", 1) - 1
  redis.call("ZADD", collect, exact(now + lease * 2 ^ math.min(unfinished, 10)), attempt)
  return { attempt, conversation or "", exact(now - numeric(over_at, now)), reads or "0", digest or "", policy,
    unfinished, connection or "" }
end

-- Conversations of other campaigns, however many, must not hide those of the campaign that is served.
local due = redis.call("ZRANGEBYSCORE", collect, "-inf", exact(now), "LIMIT", 0, only == "" and 100 or -1)
for _, attempt in ipairs(due) do
  if only == "" or only == string.match(attempt, "^(.+):%d+:%d+$") then
    local taken = take(attempt)
    if taken then
      return taken
    end
  end
end
return nil
