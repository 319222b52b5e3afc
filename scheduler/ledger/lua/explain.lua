--[[
  Say what each rule that decides at a dial finds now for a call. Changes nothing.

    ARGV[1]  account
    ARGV[2]  attempt       the call's current one
    ARGV[3]  max_duration  seconds that the call may last
    ARGV[4]  late          seconds after which a stop counts as late
    ARGV[5]  targets       parties to whom the call may be transferred, a line for each; "" for nobody
    ARGV[6]  now           "" for the server's clock

  Returns the instant, and for each rule: its name, what it found, "pass" or what it demands, and the
  instant or the reason that belongs to it, "" for none.
]]
local now = clock(ARGV[6])
local facts = facts_of(call_of(ARGV[2]), ARGV[1], ARGV[3], tonumber(ARGV[4]), "", ARGV[5], now)
local answer = { exact(now) }
for _, each in ipairs(RULES) do
  if each.name == "closing" then
    break -- the hours explain themselves
  end
  local found, verdict, detail = each.judge(facts)
  local written = type(detail) == "number" and exact(detail) or detail or ""
  for _, part in ipairs({ each.name, found, verdict or "pass", written }) do
    answer[#answer + 1] = part
  end
end
return answer
