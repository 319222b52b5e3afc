--[[
  Do what a timekeeper does each time that it wakes, in one script: `expire`, `take_stops` and `ready`.

    ARGV[1]  account
    ARGV[2]  most         attempts to deal with at once
    ARGV[3]  patience     seconds for which a stop that is not confirmed keeps its slot
    ARGV[4]  free         threads that can send a stop
    ARGV[5]  give_up      seconds after which a stop that nobody confirms is no longer repeated
    ARGV[6…8] ceiling, fingerprint, only: as for `ready`
    ARGV[9]  first        the limit of an account of which nothing is known
    ARGV[10] interval     seconds within which no other timekeeper sends the same message
    ARGV[11] late         seconds after which a stop counts as late
    ARGV[12] now          "" for the server's clock
    ARGV[13] latest       the last instant that the clock may show by now; "" for any
    ARGV[14…] delays      between the sendings of a stop

  Returns what the three return. It does nothing and returns nothing if the clock shows more than `latest`: then
  perhaps nothing that seems to be due really is.
]]
local account, most, patience, free, give_up = unpack(ARGV, 1, 5)
local ceiling, fingerprint, only, first, interval, late, now, latest = unpack(ARGV, 6, 13)

if latest ~= "" and clock(now) > tonumber(latest) then
  return {}
end

local expired = expire({ account, most, patience, now })
local taken = {}
if tonumber(free) > 0 then
  taken = take_stops({ account, free, give_up, now, unpack(ARGV, 14) })
end
return { expired, taken, ready({ account, ceiling, fingerprint, only, first, interval, late, now }) }
