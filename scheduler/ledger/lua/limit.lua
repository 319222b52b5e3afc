--[[
  Return the facts by which the account's limit is decided.

    ARGV[1]  account
    ARGV[2]  now  "" for the server's clock

  Returns version, learned, refusals, raise_at, step, had (each "" or 0 if nothing is known), the number of live
  connections (with those that may be live because their answer was lost) and of slots in use, how many 429s came
  in a row, how many starts were accepted since the last one, how many connections were open at once since then,
  and the instant.
]]
return see_limit(ARGV[1], clock(ARGV[2]))
