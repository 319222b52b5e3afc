--[[
  Take entries off the do-not-call list, exactly as they were written, and record who did so.

    ARGV[1]  now       "" for the server's clock
    ARGV[2…4] who, note, token of the order; who is "" for no record
    ARGV[5]  shown     what the record says of the entries
    ARGV[6…] entries

  Returns those that were on it. The same token gets the same answer again, and changes nothing more.
]]
local who, note, token, shown = unpack(ARGV, 2, 5)
local now, record = clock(ARGV[1]), ROOT .. "do_not_call:removals"
local removed, places = {}, {}

if who ~= "" then
  for _, entry in ipairs(redis.call("XREVRANGE", record, "+", "-", "COUNT", 20)) do
    if entry[2][8] == token then
      for place in string.gmatch(entry[2][14] or "", "%d+") do
        removed[#removed + 1] = ARGV[tonumber(place)]
      end
      return removed
    end
  end
end
for at = 6, #ARGV do
  if redis.call("HDEL", ROOT .. "do_not_call", ARGV[at]) == 1 then
    removed[#removed + 1] = ARGV[at]
    places[#places + 1] = at
  end
end
if who ~= "" and #removed > 0 then
  redis.call("XADD", record, "MAXLEN", 1000, "*", "at", exact(now), "who", who, "note", note, "token", token,
    "count", #removed, "shown", shown, "places", table.concat(places, " "))
end
return removed
