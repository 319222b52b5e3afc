--[[
  Take entries off the do-not-call list, each just as it was written, and put on record who did so.

    ARGV[1]  now       "" for the server's clock
    ARGV[2…4] who, note, token of the order; who is "" for no record
    ARGV[5]  shown     what the record says of the entries
    ARGV[6…] entries

  Returns those that were on it.
]]
local who, note, token, shown = unpack(ARGV, 2, 5)
local now, removed = clock(ARGV[1]), {}
for at = 6, #ARGV do
  if redis.call("HDEL", ROOT .. "do_not_call", ARGV[at]) == 1 then
    removed[#removed + 1] = ARGV[at]
  end
end
if who ~= "" and #removed > 0 then
  redis.call("XADD", ROOT .. "do_not_call:removals", "MAXLEN", 1000, "*", "at", exact(now), "who", who, "note", note,
    "token", token, "count", #removed, "shown", shown)
end
return removed
