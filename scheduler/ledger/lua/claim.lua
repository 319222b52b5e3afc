--[[
  Give the next due call a slot and a fresh attempt.

  The campaigns of an account stand on a wheel: a zset whose score is how many turns each has had,
  divided by its weight. Of a priority class the one with the fewest goes first, so that campaigns
  share the account by their weights. A higher class goes first, but for one grant in STARVING.

    ARGV[1]  account
    ARGV[2]  token        of this execution; the same token gets the same claim again
    ARGV[3]  ceiling      how many slots this worker may see in use
    ARGV[4]  fingerprint  of the credentials; a blocked one dials nothing
    ARGV[5]  only         the campaign that this worker serves; "" for all
    ARGV[6]  lease        seconds until the claim lapses
    ARGV[7]  probe        seconds for which one probe keeps others back during an outage
    ARGV[8]  first        the limit of an account that nothing is known of
    ARGV[9]  late         seconds after which a stop counts as late
    ARGV[10] rate         starts a second at most on this account; 0 for any
    ARGV[11] now          "" for the server's clock

  Returns attempt, the contact's record, the campaign's policy, what the time is, and a list of our own numbers
  from which nobody may be dialled;
  the seconds until a start may leave when only the pace holds it back, or a moment of quiet; nil when nothing
  can be claimed.
]]
local account, token, ceiling, fingerprint, only = unpack(ARGV, 1, 5)
local lease, probe, first = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local late, rate, now = tonumber(ARGV[9]), tonumber(ARGV[10]), clock(ARGV[11])
local meta, slots = account_key(account, "meta"), account_key(account, "slots")
local wheel, remembered = account_key(account, "campaigns"), ROOT .. "claim:" .. token

local function contact_at(campaign, row)
  return redis.call("XRANGE", campaign_key(campaign, "contacts"), row .. "-0", row .. "-0")[1]
end

local function answer(attempt, call)
  return { attempt, contact_at(call.campaign, call.row)[2][2], redis.call("HGET", campaign_key(call.campaign, "meta"), "policy"),
    exact(now), redis.call("HKEYS", account_key(account, "caller_blocks")) }
end

local before = redis.call("GET", remembered)
if before then
  local call = call_of(before)
  return call.fresh and call.state == CLAIMED and answer(before, call) or nil
end

local room, shut_until, outage, quiet_until = gate(account, ceiling, fingerprint, first, late, now)
if room <= 0 or now < shut_until then
  return nil
end
if now < quiet_until then
  return exact(quiet_until - now)
end

-- Until the first few have shown how it goes, no more than these are under way or over.
local function canary_waits(campaign, first, dials)
  local claimed = numeric(redis.call("HGET", campaign_key(campaign, "counts"), CLAIMED), 0)
  return numeric(dials, 0) + claimed >= numeric(first, 0)
end

local function open_calls(campaign)
  local open = 0
  for _, count in ipairs(redis.call("HMGET", campaign_key(campaign, "counts"), CLAIMED, DIALING, CONNECTED, STOPPING)) do
    open = open + numeric(count, 0)
  end
  return open
end

-- Whoever it was is not called, and is not waited for.
local function give_up_call(campaign, row)
  local call = call_at(campaign, row)
  if call.is_rubbish then
    redis.call("DEL", call.key)
    call = call_at(campaign, row)
  end
  end_call(call, "rejected", "", "what the ledger has of it can't be read", now)
end

-- The row that is due first. One that is none, or whose call can't be read, is taken out.
local function first_row_of(campaign)
  local due = campaign_key(campaign, "due")
  for _, row in ipairs(redis.call("ZRANGEBYSCORE", due, "-inf", exact(now), "LIMIT", 0, 10)) do
    local is_row = string.find(row, "^%d+$") and #row < 16
    if is_row and not call_at(campaign, row).is_rubbish and contact_at(campaign, row) then
      return row
    end
    redis.call("ZREM", due, row)
    set_aside(account, "campaigns", campaign .. ":" .. row, "its call can't be read")
    if is_row then
      give_up_call(campaign, row)
    end
  end
  return nil
end

-- The campaign's row that is due, if it may be claimed; and until when its pace holds it back.
local function due_row(campaign)
  local state, cap, paced_until, canary, dials, owner = unpack(fields_of(campaign_key(campaign, "meta"),
    "state", "max_concurrency", "paced_until", "canary", "dials", "account"), 1, 6)
  if owner ~= account then
    set_aside(account, "campaigns", campaign, "it is no campaign of this account")
    return nil
  end
  if state ~= "active" or (cap and open_calls(campaign) >= numeric(cap, 0))
    or (canary and canary_waits(campaign, canary, dials)) then
    return nil
  end
  local row = first_row_of(campaign)
  return row, math.max(numeric(paced_until, 0), numeric(redis.call("HGET", meta, "paced_until"), 0))
end

-- Those that may go first, first.
local function in_turn()
  local on_wheel, standing = redis.call("ZRANGE", wheel, 0, -1, "WITHSCORES"), {}
  for at = 1, #on_wheel, 2 do
    local campaign = on_wheel[at]
    if only == "" or only == campaign then
      local priority, weight, pace =
        unpack(fields_of(campaign_key(campaign, "meta"), "priority", "weight", "pace"), 1, 3)
      standing[#standing + 1] = { campaign = campaign, turns = tonumber(on_wheel[at + 1]),
        priority = numeric(priority, 0), weight = numeric(weight, 1), pace = numeric(pace, 0) }
    end
  end
  table.sort(standing, function(one, other)
    if one.priority ~= other.priority then
      return one.priority > other.priority
    end
    if one.turns ~= other.turns then
      return one.turns < other.turns
    end
    return one.campaign < other.campaign
  end)
  return standing
end

-- What has a pace starts again no sooner than that after this start; one that was a little late does
-- not slow it down, and a pause gives no burst.
local function keep_pace(key, per_second)
  if per_second > 0 then
    local apart = 1 / per_second
    local planned = numeric(redis.call("HGET", key, "paced_until"), 0)
    local from = now - planned < apart and planned or now
    redis.call("HSET", key, "paced_until", exact(from + apart))
  end
end

local function grant(standing, row)
  local campaign = standing.campaign
  local call = call_at(campaign, row)
  local number = redis.call("HINCRBY", call.key, "attempt", 1)
  local attempt = campaign .. ":" .. row .. ":" .. number
  redis.call("ZREM", campaign_key(campaign, "due"), row)
  move(call, CLAIMED)
  redis.call("ZADD", slots, exact(now + lease), attempt)
  redis.call("SET", remembered, attempt, "EX", 60)
  -- One that was idle does not get its missed turns back in a burst.
  local turn = "turn:" .. standing.priority
  local mine = math.max(standing.turns, numeric(redis.call("HGET", meta, turn), 0))
  redis.call("ZADD", wheel, exact(mine + 1 / standing.weight), campaign)
  redis.call("HSET", meta, turn, exact(mine))
  increase(meta, "grants", 1)
  keep_pace(campaign_key(campaign, "meta"), standing.pace)
  keep_pace(meta, rate)
  if redis.call("HEXISTS", meta, "queued_in_row") == 1 then
    redis.call("HSET", meta, "quiet_until", exact(now + probe))
  end
  if outage then
    redis.call("HSET", meta, "probe", attempt, "probe_at", exact(now + probe))
  end
  return answer(attempt, call)
end

local others_turn = (numeric(redis.call("HGET", meta, "grants"), 0) + 1) % STARVING == 0
local first_choice, first_row, soonest
for _, standing in ipairs(in_turn()) do
  local row, paced_until = due_row(standing.campaign)
  if row and paced_until > now then
    soonest = math.min(soonest or paced_until, paced_until)
  elseif row and not first_choice then
    first_choice, first_row = standing, row
    if not others_turn then
      break
    end
  elseif row and standing.priority < first_choice.priority then
    first_choice, first_row = standing, row
    break
  end
end
if first_choice then
  return grant(first_choice, first_row)
end
return soonest and exact(soonest - now) or nil
