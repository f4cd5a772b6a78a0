// The independent judge: iam-simulate behind JSON lines, one question in, one answer out, in order.
// A process of its own because iam-simulate is AGPL: nothing of it is imported by, copied to or shipped with the library.
import { createInterface } from 'node:readline'
import {
  allowedContextKeysForRequest,
  isConditionKeyArray,
  runSimulation,
  typeForContextKey
} from '@cloud-copilot/iam-simulate'

// iam-simulate throws kms:EncryptionContext:NAME out of the request, so the pairs travel under a key that it keeps.
// Lower case, because condition key names are case-insensitive.
const CONTEXT_KEY = /^kms:EncryptionContext:(.+)$/i
const STAND_IN = 'aws:PrincipalTag/ec.'
const standIn = (name) => STAND_IN + name.toLowerCase()

const FULL_ACCESS = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }

function renamed(policy) {
  if (/\$\{kms:EncryptionContext/i.test(JSON.stringify(policy)))
    throw new Error('policy variables on the encryption context cannot be judged')
  const key = (name) => name.replace(CONTEXT_KEY, (_, pair) => standIn(pair))
  const block = (keys) => Object.fromEntries(Object.entries(keys).map(([name, values]) => [key(name), values]))
  const statement = (it) =>
    it.Condition
      ? { ...it, Condition: Object.fromEntries(Object.entries(it.Condition).map(([op, keys]) => [op, block(keys)])) }
      : it
  return { ...policy, Statement: [policy.Statement].flat().map(statement) }
}

async function requestContext({ action, resource, context, encryptionContext }) {
  const [service, name] = action.split(':')
  const pairs = Object.entries(encryptionContext)
  const known = await allowedContextKeysForRequest(service, name, resource, false)
  if (pairs.length > 0 && !known.some((key) => key.startsWith('kms:encryptioncontext:')))
    throw new Error(`${action} has no encryption context`)
  for (const [key, value] of Object.entries(context))
    if (Array.isArray(value) && !isConditionKeyArray(await typeForContextKey(key)))
      throw new Error(`${key} is single-valued, got a list`) // iam-simulate would keep the first value and say nothing
  const standIns = Object.fromEntries(pairs.map(([pair, value]) => [standIn(pair), value]))
  if (Object.keys(standIns).length < pairs.length) throw new Error('encryption context names differ only in case')
  return { ...context, ...standIns }
}

const numbered = (kind, policies) => policies.map((policy, i) => ({ name: `${kind} ${i + 1}`, policy: renamed(policy) }))
// AWS attaches FullAWSAccess to every level; without it an SCP of Denies alone would deny everything.
const level = (kind, policies, standing) =>
  policies.length ? [{ orgIdentifier: 'o-judge', policies: [...standing, ...numbered(kind, policies)] }] : []

async function answer(question) {
  const outcome = await runSimulation(
    {
      request: {
        principal: question.principal,
        action: question.action,
        resource: { resource: question.resource, accountId: question.resourceAccount },
        contextVariables: await requestContext(question)
      },
      identityPolicies: numbered('identity policy', question.identityPolicies),
      resourcePolicy: question.resourcePolicy ? renamed(question.resourcePolicy) : undefined,
      permissionBoundaryPolicies: question.boundaries.length ? numbered('boundary', question.boundaries) : undefined,
      // Either the policies of one level beside FullAWSAccess, or each level as it is.
      serviceControlPolicies: question.scpLevels
        ? question.scpLevels.flatMap((policies) => level('SCP', policies, []))
        : level('SCP', question.scps, [{ name: 'FullAWSAccess', policy: FULL_ACCESS }]),
      sessionPolicy: question.sessionPolicy ? renamed(question.sessionPolicy) : undefined,
      vpcEndpointPolicies: question.endpointPolicy ? numbered('endpoint policy', [question.endpointPolicy]) : undefined,
      resourceControlPolicies: level('RCP', question.rcps, [])
    },
    { simulationMode: 'Strict' }
  )
  if (outcome.resultType === 'error') throw new Error(JSON.stringify(outcome.errors))
  if (outcome.resultType !== 'single') throw new Error('a question names one resource, without wildcards')
  const { analysis, ignoredContextKeys } = outcome.result
  if (ignoredContextKeys.length > 0) throw new Error(`${question.action} does not know ${ignoredContextKeys.join(', ')}`)
  return { result: outcome.overallResult, explanation: explain(analysis) }
}

function explain(analysis) {
  const parts = [
    ['identity policies', analysis.identityAnalysis],
    ['resource policy', analysis.resourceAnalysis],
    ['boundary', analysis.permissionBoundaryAnalysis],
    ...(analysis.scpAnalysis?.ouAnalysis ?? []).map((ou) => ['SCP', ou]),
    ...(analysis.rcpAnalysis?.ouAnalysis ?? []).map((ou) => ['RCP', ou])
  ].filter(([, part]) => part)
  const lines = [analysis.result, ...parts.flatMap(([kind, part]) => [`  ${kind}: ${part.result}`, ...statements(part)])]
  return lines.join('\n').replaceAll(STAND_IN, 'kms:EncryptionContext:')
}

function statements({ allowStatements, denyStatements, unmatchedStatements }) {
  const title = ({ policyId, statement }) => `${policyId ? policyId + ', ' : ''}${statement.sid() ?? '#' + statement.index()}`
  return [
    ...denyStatements.map((it) => `    denies: ${title(it)}`),
    ...allowStatements.map((it) => `    allows: ${title(it)} (principal: ${it.principalMatch})`),
    ...unmatchedStatements.filter((it) => it.actionMatch).map((it) => `    silent: ${title(it)}, ${mismatches(it)}`)
  ]
}

function mismatches({ principalMatch, resourceMatch, explain }) {
  const failed = (explain.conditions ?? []).filter((condition) => !condition.matches)
  return [
    ...(principalMatch === 'NoMatch' ? ['another principal'] : []),
    ...(resourceMatch ? [] : ['another resource']),
    ...failed.map((it) => `${it.operator} ${it.conditionKeyValue} ${it.failedBecauseMissing ? 'is absent' : 'differs'}`)
  ].join('; ')
}

for await (const line of createInterface({ input: process.stdin })) {
  const reply = await answer(JSON.parse(line)).catch((error) => ({ error: String(error.message ?? error) }))
  process.stdout.write(JSON.stringify(reply) + '\n')
}
