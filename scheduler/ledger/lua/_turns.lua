--[[
  Which campaign's turn is it? `claim` and `ready` look at these keys, so that they cost no more if more
  campaigns wait.

    account:A:campaigns  the wheel: every campaign that is not over, by how many turns it has had
    account:A:next       campaigns to look at, by when at the latest
    account:A:paced      those that have something due, by when their own pace allows the next start
    account:A:ready:P    those of priority P that have something due, by their turns
    account:A:classes    the priorities that have any campaign in account:A:ready:P

  A campaign may stand in a set where it no longer belongs: a script that looks at it moves it to its place.
  None is ever missing: a step that makes a call due, or makes room in a campaign, also schedules a look at the
  campaign (`look_at`).
]]
-- One step looks at so many, in some five milliseconds. If more fall due at one instant, as when calling hours
-- begin, the next steps go on.
local MOST_LOOKED_AT = 500

local function open_calls(campaign)
  local open = 0
  for _, count in ipairs(redis.call("HMGET", campaign_key(campaign, "counts"), CLAIMED, DIALING, CONNECTED, STOPPING)) do
    open = open + numeric(count, 0)
  end
  return open
end

-- Whether the canary is not over yet, and all its calls are under way or over.
local function canary_waits(campaign, first, dials)
  local claimed = numeric(redis.call("HGET", campaign_key(campaign, "counts"), CLAIMED), 0)
  return numeric(dials, 0) + claimed >= numeric(first, 0)
end

-- How a campaign stands: whether it may dial now; until when its pace holds it back; its priority, weight, pace.
local function standing_of(account, campaign)
  local state, cap, paced_until, canary, dials, owner, priority, weight, pace =
    unpack(fields_of(campaign_key(campaign, "meta"), "state", "max_concurrency", "paced_until", "canary", "dials",
      "account", "priority", "weight", "pace"), 1, 9)
  if owner ~= account then
    set_aside(account, "campaigns", campaign, "it is no campaign of this account")
    return { may_dial = false, paced_until = 0, priority = 0 }
  end
  local may_dial = state == "active" and not (cap and open_calls(campaign) >= numeric(cap, 0))
    and not (canary and canary_waits(campaign, canary, dials))
  return { may_dial = may_dial, paced_until = numeric(paced_until, 0), priority = numeric(priority, 0),
    weight = numeric(weight, 1), pace = numeric(pace, 0) }
end

-- Put a campaign where its first due call (`head`) belongs: into its class; or out of it, among those that wait
-- until then.
local function stand(account, campaign, turns, priority, head, now)
  if head and tonumber(head) <= now then
    local class = string.format("%d", numeric(priority, 0))
    redis.call("ZADD", ready_key(account, priority), turns, campaign)
    redis.call("ZADD", account_key(account, "classes"), class, class)
    return
  end
  leave_class(account, priority, campaign)
  if head then
    redis.call("ZADD", account_key(account, "next"), head, campaign)
  end
end

-- Put a campaign where it belongs.
local function place(account, campaign, now)
  redis.call("ZREM", account_key(account, "next"), campaign)
  redis.call("ZREM", account_key(account, "paced"), campaign)
  local turns = redis.call("ZSCORE", account_key(account, "campaigns"), campaign)
  if not turns then
    return
  end
  local standing = standing_of(account, campaign)
  local head = standing.may_dial and redis.call("ZRANGE", campaign_key(campaign, "due"), 0, 0, "WITHSCORES")[2]
  if head and tonumber(head) <= now and standing.paced_until > now then
    leave_class(account, standing.priority, campaign)
    redis.call("ZADD", account_key(account, "paced"), exact(standing.paced_until), campaign)
  else
    stand(account, campaign, turns, standing.priority, head, now)
  end
end

-- Look at the campaigns whose time has come.
local function look_at_due(account, now)
  for _, part in ipairs({ "next", "paced" }) do
    for _, campaign in ipairs(redis.call("ZRANGEBYSCORE", account_key(account, part), "-inf", exact(now), "LIMIT", 0, MOST_LOOKED_AT)) do
      place(account, campaign, now)
    end
  end
end
