--[[
  The last row is loaded: from now on the campaign dials, and can end.

    ARGV[1]  campaign
    ARGV[2]  load     token of the load that is over
    ARGV[3]  now      "" for the server's clock

  Returns the campaign's state.
]]
local campaign, load = ARGV[1], ARGV[2]
local now = clock(ARGV[3])
local meta = campaign_key(campaign, "meta")

redis.call("UNLINK", campaign_key(campaign, "seen:" .. load))
local state, account = unpack(redis.call("HMGET", meta, "state", "account"))
if state == "loading" then
  redis.call("HSET", meta, "state", "active", "sealed_at", exact(now))
  to_count(campaign)
  if redis.call("HEXISTS", meta, "paused_by") == 1 then
    pause(campaign, account, now)
  end
  -- It joins the wheel with the current turn, so that it neither waits for the others nor overtakes them.
  local turn = "turn:" .. (redis.call("HGET", meta, "priority") or "0")
  redis.call("ZADD", account_key(account, "campaigns"),
    redis.call("HGET", account_key(account, "meta"), turn) or 0, campaign)
  -- Do this now and not in the next claim: the campaign stands in its place even if no worker runs.
  place(account, campaign, now)
  close_when_done(campaign, now)
end
return redis.call("HGET", meta, "state")
