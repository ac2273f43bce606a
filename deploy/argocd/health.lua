-- Health of teleport-operator's objects for Argo CD. `obj` is the object; the answer is a status and a message.
-- Objects that Teleport's own operator keeps are judged too: they have no Ready condition.
local health = {}
local status = obj.status or {}

local function condition(wanted)
  for _, found in ipairs(status.conditions or {}) do
    if found.type == wanted then
      return found
    end
  end
end

-- A condition tells of the generation that it saw; an older one says nothing about the spec as it is now.
local function stale(found)
  local seen = found.observedGeneration or status.observedGeneration
  return seen ~= nil and obj.metadata.generation ~= nil and seen < obj.metadata.generation
end

local function answer(word, message)
  health.status = word
  health.message = message
  return health
end

local ready = condition("Ready")

-- Somebody asked for it to stand still, or has to say whether it may go on.
local paused = { Ignored = true, Observed = true, AdoptionPending = true, DeletionPaused = true }

if obj.metadata.deletionTimestamp ~= nil then
  if ready == nil or ready.status == "True" or stale(ready) then
    return answer("Progressing", "Waiting for the operator to delete the resource in Teleport")
  end
  return answer(paused[ready.reason] and "Suspended" or "Progressing", ready.message)
end

if ready == nil then
  local invalid = condition("ValidStructure")
  local unowned = condition("TeleportResourceOwned")
  local written = condition("SuccessfullyReconciled")
  for _, found in ipairs({ invalid or false, unowned or false, written or false }) do
    if found and found.status == "False" then
      return answer("Degraded", found.message)
    end
  end
  if written and written.status == "True" then
    return answer("Healthy", written.message)
  end
  return answer("Progressing", "Waiting for the operator to look at the object")
end

if stale(ready) then
  return answer("Progressing", "Waiting for the operator to look at the change")
end

if ready.status == "True" then
  return answer("Healthy", ready.message)
end

if paused[ready.reason] then
  return answer("Suspended", ready.message)
end

-- What comes right by itself is on its way. Some of what is tried again hardly does: somebody has to look.
local serious = { AccessDenied = true, TeleportError = true, OperatorError = true }
local reconciling = condition("Reconciling")
local moving = reconciling ~= nil and reconciling.status == "True" and not serious[ready.reason]
if moving or ready.status == "Unknown" then
  return answer("Progressing", ready.message)
end

return answer("Degraded", ready.message)
