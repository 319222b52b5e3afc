--[[
  Give the next due call a slot and a fresh attempt.

  The campaigns of an account stand on a wheel: a zset whose score is the number of turns that each has had,
  divided by its weight. In a priority class the campaign with the lowest score goes first, so that campaigns
  share the account by their weights. A higher class goes first, except for one grant in STARVING. Sets beside
  the wheel (`_turns.lua`) say which campaigns have anything due; this script looks at no other ones.

    ARGV[1]  account
    ARGV[2]  token        of this execution; the same token gets the same claim again
    ARGV[3]  ceiling      how many slots this worker may see in use
    ARGV[4]  fingerprint  of the credentials; a blocked one dials nothing
    ARGV[5]  only         the campaign that this worker serves; "" for all
    ARGV[6]  lease        seconds until the claim lapses
    ARGV[7]  probe        seconds for which one probe keeps others back during an outage
    ARGV[8]  first        the limit of an account of which nothing is known
    ARGV[9]  late         seconds after which a stop counts as late
    ARGV[10] rate         starts a second at most on this account; 0 for any
    ARGV[11] now          "" for the server's clock

  Returns attempt, the contact's record, the campaign's policy, the time, and the caller ids that the provider
  refuses; or the seconds until a start may leave, if only a pace or a moment of quiet holds it back; nil if
  nothing can be claimed.
]]
local account, token, ceiling, fingerprint, only = unpack(ARGV, 1, 5)
local lease, probe, first = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local late, rate, now = tonumber(ARGV[9]), tonumber(ARGV[10]), clock(ARGV[11])
local meta, slots = account_key(account, "meta"), account_key(account, "slots")
local wheel, remembered = account_key(account, "campaigns"), ROOT .. "claim:" .. token

local function contact_at(campaign, row)
  local found = redis.call("XRANGE", campaign_key(campaign, "contacts"), row .. "-0", row .. "-0")[1]
  return found and found[2][2]
end

local function answer(attempt, call, contact)
  return { attempt, contact, known_of(call.campaign).policy, exact(now),
    redis.call("HKEYS", account_key(account, "caller_blocks")) }
end

local before = redis.call("GET", remembered)
if before then
  local call = call_of(before)
  return call.fresh and call.state == CLAIMED and answer(before, call, contact_at(call.campaign, call.row)) or nil
end

local room, shut_until, outage, quiet_until = gate(account, ceiling, fingerprint, first, late, now)
if room <= 0 or now < shut_until then
  return nil
end
if now < quiet_until then
  return exact(quiet_until - now)
end

-- End a call that can't be read: nobody is called, and nothing waits for it.
local function give_up_call(campaign, row)
  local call = call_at(campaign, row)
  if call.is_rubbish then
    redis.call("DEL", call.key)
    call = call_at(campaign, row)
  end
  end_call(call, "rejected", "", "its record in the ledger can't be read", now)
end

-- The call that is due first, and its contact's record. A member that is no row, or whose call can't be read, is
-- taken out.
local function first_call_of(campaign)
  local due = campaign_key(campaign, "due")
  for _, row in ipairs(redis.call("ZRANGEBYSCORE", due, "-inf", exact(now), "LIMIT", 0, 10)) do
    local call = string.find(row, "^%d+$") and #row < 16 and call_at(campaign, row)
    local contact = call and not call.is_rubbish and contact_at(campaign, row)
    if contact then
      return call, contact
    end
    redis.call("ZREM", due, row)
    set_aside(account, "campaigns", campaign .. ":" .. row, "its call can't be read")
    if call then
      give_up_call(campaign, row)
    end
  end
  return nil
end

-- What may be claimed of a campaign, as `grant` takes it: its first due call; nil for none. Then how it stands.
local function offer_of(campaign)
  local standing = standing_of(account, campaign)
  if not standing.may_dial then
    return nil, standing
  end
  local call, contact = first_call_of(campaign)
  return call and { call = call, contact = contact, standing = standing }, standing
end

-- What the campaign of a class offers whose turn it is. Campaigns that turn out to have nothing leave the class.
local function first_of(priority)
  for _ = 1, MOST_LOOKED_AT do
    local campaign = redis.call("ZRANGE", ready_key(account, priority), 0, 0)[1]
    if not campaign then
      redis.call("ZREM", account_key(account, "classes"), priority)
      return nil
    end
    local offer, standing = offer_of(campaign)
    if offer and standing.paced_until <= now then
      return offer
    end
    redis.call("ZREM", ready_key(account, priority), campaign)
    place(account, campaign, now)
  end
  return nil
end

-- A campaign or account with a pace starts its next call no sooner than the pace says. A start that was a little
-- late does not slow it down, and after a pause there is no burst.
local function keep_pace(key, per_second)
  if per_second > 0 then
    local apart = 1 / per_second
    local planned = numeric(redis.call("HGET", key, "paced_until"), 0)
    local from = now - planned < apart and planned or now
    redis.call("HSET", key, "paced_until", exact(from + apart))
  end
end

local account_paced_until, grants, queued_in_row =
  unpack(redis.call("HMGET", meta, "paced_until", "grants", "queued_in_row"))
account_paced_until = numeric(account_paced_until, 0)

local function grant(offer)
  local call, standing = offer.call, offer.standing
  local campaign, row, priority = call.campaign, call.row, standing.priority
  local number = redis.call("HINCRBY", call.key, "attempt", 1)
  local attempt = campaign .. ":" .. row .. ":" .. number
  redis.call("ZREM", campaign_key(campaign, "due"), row)
  move(call, CLAIMED)
  redis.call("ZADD", slots, exact(now + lease), attempt)
  redis.call("SET", remembered, attempt, "EX", 60)
  -- A campaign that was idle does not get its missed turns back in a burst.
  local turn = "turn:" .. string.format("%d", priority)
  local mine = math.max(numeric(redis.call("ZSCORE", wheel, campaign), 0), numeric(redis.call("HGET", meta, turn), 0))
  local turns = exact(mine + 1 / standing.weight)
  redis.call("ZADD", wheel, turns, campaign)
  redis.call("HSET", meta, turn, exact(mine))
  stand(account, campaign, turns, priority, redis.call("ZRANGE", campaign_key(campaign, "due"), 0, 0, "WITHSCORES")[2], now)
  increase(meta, "grants", 1)
  keep_pace(campaign_key(campaign, "meta"), standing.pace)
  keep_pace(meta, rate)
  if queued_in_row then
    redis.call("HSET", meta, "quiet_until", exact(now + probe))
  end
  if outage then
    redis.call("HSET", meta, "probe", attempt, "probe_at", exact(now + probe))
  end
  return answer(attempt, call, offer.contact)
end

-- What the campaign offers whose turn it is: from the highest class that has any, and once in STARVING grants from
-- the next class below.
local function whose_turn()
  look_at_due(account, now)
  local others_turn = (numeric(grants, 0) + 1) % STARVING == 0
  local offer
  for _, priority in ipairs(redis.call("ZREVRANGE", account_key(account, "classes"), 0, -1)) do
    local found = first_of(priority)
    if found and offer then
      return found
    elseif found then
      offer = found
      if not others_turn then
        break
      end
    end
  end
  return offer
end

local offer, paced_until
if only == "" then
  offer, paced_until = whose_turn(), account_paced_until
  if not offer then
    local head = redis.call("ZRANGE", account_key(account, "paced"), 0, 0, "WITHSCORES")[2]
    return head and exact(math.max(tonumber(head), account_paced_until) - now) or nil
  end
elseif redis.call("ZSCORE", wheel, only) then
  local standing
  offer, standing = offer_of(only)
  paced_until = math.max(standing.paced_until, account_paced_until)
end
if not offer then
  return nil
end
if paced_until > now then
  return exact(paced_until - now)
end
return grant(offer)
