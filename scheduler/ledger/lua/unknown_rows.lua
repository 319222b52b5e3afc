--[[
  Find the unknown calls in a range of a campaign's rows: nobody learned whether these were placed. Changes
  nothing.

    ARGV[1]  campaign
    ARGV[2]  first  row
    ARGV[3]  last   row
    ARGV[4]  most   calls to find
    ARGV[5]  "1" to leave out those that are settled: they were placed

  Returns the row at which to go on, and the rows that it found.
]]
local campaign, first, last, most, is_open = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]

local found, row = {}, first
while row <= last and #found < most do
  local call = fields_of(ROOT .. "call:" .. campaign .. ":" .. row, "state", "disposition", "reason", "lost")
  local state, disposition, reason, lost = unpack(call, 1, 4)
  local is_over = state == ENDED and disposition == "unknown" and not (is_open == "1" and reason == "placed")
  if is_over or state == PENDING and lost then
    found[#found + 1] = row
  end
  row = row + 1
end
return { row, found }
