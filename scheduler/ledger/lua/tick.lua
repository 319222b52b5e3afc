--[[
  What a timekeeper does each time it wakes, in one journey: `expire`, `take_stops` and `ready`.

    ARGV[1]  account
    ARGV[2]  most         attempts to deal with at once
    ARGV[3]  patience     seconds for which a stop that is not confirmed keeps its slot
    ARGV[4]  free         threads that can send a stop
    ARGV[5]  give_up      seconds after which a stop that nobody confirms is no longer repeated
    ARGV[6…8] ceiling, fingerprint, only: what `ready` is asked
    ARGV[9]  first        the limit of an account that nothing is known of
    ARGV[10] apart        seconds within which no other timekeeper says the same again
    ARGV[11] late         seconds after which a stop counts as late
    ARGV[12] now          "" for the server's clock
    ARGV[13] latest       the last instant that the clock may show by now; "" for any
    ARGV[14…] delays      between the sendings of a stop

  Returns what the three do: how many were dealt with, the stops, and what `ready` says. Nothing is done, and
  nothing returned, when the clock shows more than it may: perhaps nothing of what seems to be due is.
]]
local account, most, patience, free, give_up = unpack(ARGV, 1, 5)
local ceiling, fingerprint, only, first, apart, late, now, latest = unpack(ARGV, 6, 13)

if latest ~= "" and clock(now) > tonumber(latest) then
  return {}
end

local expired = expire({ account, most, patience, now })
local taken = {}
if tonumber(free) > 0 then
  taken = take_stops({ account, free, give_up, now, unpack(ARGV, 14) })
end
return { expired, taken, ready({ account, ceiling, fingerprint, only, first, apart, late, now }) }
