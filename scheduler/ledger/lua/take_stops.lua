--[[
  Take the stops that are due, and set when each is due again if the API does not confirm it.

    ARGV[1]  account
    ARGV[2]  most     how many at once
    ARGV[3]  give_up  seconds after which a stop that nobody confirms is no longer repeated
    ARGV[4]  now      "" for the server's clock
    ARGV[5…] delays: seconds until the second sending, the third, …; the last one is kept

  Returns for each: attempt, connection_id, why, deadline, how often it was taken, and how late it is.
  If `why` is "look", it is no stop: a worker must read the call, see `expire`. Nor is "speak": the call must
  say something else, see `order_speech`.
]]
local account, most, give_up = ARGV[1], ARGV[2], tonumber(ARGV[3])
local now, delays = clock(ARGV[4]), { unpack(ARGV, 5) }
local stops = account_key(account, "stops")

local taken = {}
for _, attempt in ipairs(redis.call("ZRANGEBYSCORE", stops, "-inf", exact(now), "LIMIT", 0, most)) do
  for _, value in ipairs(take_stop(account, attempt, give_up, delays, now) or {}) do
    taken[#taken + 1] = value
  end
end
return taken
