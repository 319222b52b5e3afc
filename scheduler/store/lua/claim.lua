--[[
  Give the next due call a slot and a fresh attempt.

  The campaigns of an account stand on a wheel: a zset whose score is how many turns each has had.
  The one with the fewest goes first, so that campaigns share the account evenly.

    ARGV[1]  account
    ARGV[2]  token        of this execution; the same token gets the same claim again
    ARGV[3]  ceiling      how many slots this worker may see in use
    ARGV[4]  fingerprint  of the credentials; a blocked one dials nothing
    ARGV[5]  only         the campaign that this worker serves; "" for all
    ARGV[6]  lease        seconds until the claim lapses
    ARGV[7]  probe        seconds for which one probe keeps others back during an outage
    ARGV[8]  first        the limit of an account that nothing is known of
    ARGV[9]  late         seconds after which a stop counts as late
    ARGV[10] now          "" for the server's clock

  Returns attempt, the contact's record, the campaign's policy, and how long the do-not-call list is;
  nil when nothing can be claimed.
]]
local account, token, ceiling, fingerprint, only = unpack(ARGV, 1, 5)
local lease, probe, first = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local late, now = tonumber(ARGV[9]), clock(ARGV[10])
local meta, slots = account_key(account, "meta"), account_key(account, "slots")
local wheel, remembered = account_key(account, "campaigns"), ROOT .. "claim:" .. token

local function answer(attempt, call)
  local entry = redis.call("XRANGE", campaign_key(call.campaign, "contacts"), call.row .. "-0", call.row .. "-0")
  return { attempt, entry[1][2][2], redis.call("HGET", campaign_key(call.campaign, "meta"), "policy"),
    redis.call("HLEN", ROOT .. "do_not_call") }
end

local before = redis.call("GET", remembered)
if before then
  local call = call_of(before)
  return call.fresh and call.state == CLAIMED and answer(before, call) or nil
end

local room, shut_until, outage = gate(account, ceiling, fingerprint, first, late, now)
if room <= 0 or now < shut_until then
  return nil
end

local function open_calls(campaign)
  local open = 0
  for _, count in ipairs(redis.call("HMGET", campaign_key(campaign, "counts"), CLAIMED, DIALING, CONNECTED, STOPPING)) do
    open = open + tonumber(count or 0)
  end
  return open
end

local function due_row(campaign)
  local state, cap = unpack(redis.call("HMGET", campaign_key(campaign, "meta"), "state", "max_concurrency"))
  if state ~= "active" or (cap and open_calls(campaign) >= tonumber(cap)) then
    return nil
  end
  return redis.call("ZRANGEBYSCORE", campaign_key(campaign, "due"), "-inf", exact(now), "LIMIT", 0, 1)[1]
end

local on_wheel = redis.call("ZRANGE", wheel, 0, -1, "WITHSCORES")
for at = 1, #on_wheel, 2 do
  local campaign = on_wheel[at]
  local row = (only == "" or only == campaign) and due_row(campaign)
  if row then
    local call = call_at(campaign, row)
    local number = redis.call("HINCRBY", call.key, "attempt", 1)
    local attempt = campaign .. ":" .. row .. ":" .. number
    redis.call("ZREM", campaign_key(campaign, "due"), row)
    move(call, CLAIMED)
    redis.call("ZADD", slots, exact(now + lease), attempt)
    redis.call("SET", remembered, attempt, "EX", 60)
    -- One that was idle does not get its missed turns back in a burst.
    local mine = math.max(tonumber(on_wheel[at + 1]), tonumber(redis.call("HGET", meta, "turn") or 0))
    redis.call("ZADD", wheel, mine + 1, campaign)
    redis.call("HSET", meta, "turn", mine)
    if outage then
      redis.call("HSET", meta, "probe", attempt, "probe_at", exact(now + probe))
    end
    return answer(attempt, call)
  end
end
return nil
