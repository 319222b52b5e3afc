--[[
  Put on record which campaign calls contacts of this one again. One campaign takes each end of a call.

    ARGV[1]  campaign
    ARGV[2]  taker    the campaign that calls them again
    ARGV[3…] two for each call: row, and the attempt that it ended with

  Returns the rows that the taker has, now or from before; not those whose call has moved on since.
]]
local campaign, taker = ARGV[1], ARGV[2]
local retried, taken = campaign_key(campaign, "retried"), {}

for at = 3, #ARGV, 2 do
  local row, attempt = ARGV[at], ARGV[at + 1]
  local call = call_at(campaign, row)
  if call.state == ENDED and call.current == attempt then
    local mark = row .. ":" .. attempt
    redis.call("HSETNX", retried, mark, taker)
    if redis.call("HGET", retried, mark) == taker then
      taken[#taken + 1] = row
    end
  end
end
return taken
