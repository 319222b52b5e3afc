--[[
  Count the due calls of those among some campaigns that are active.

    ARGV[1]  now       "" for the server's clock
    ARGV[2…] campaigns

  Returns how many calls are due, and since when the first of them is; "" if none is.
]]
local now = clock(ARGV[1])
local count, oldest = 0, nil
for _, campaign in ipairs({ unpack(ARGV, 2) }) do
  local due, state = campaign_key(campaign, "due"), fields_of(campaign_key(campaign, "meta"), "state")[1]
  local of_it = state == "active" and redis.pcall("ZCOUNT", due, "-inf", exact(now))
  if type(of_it) == "number" and of_it > 0 then
    local head = redis.call("ZRANGE", due, 0, 0, "WITHSCORES")[2]
    count, oldest = count + of_it, math.min(oldest or now, tonumber(head))
  end
end
return { count, oldest and exact(oldest) or "" }
