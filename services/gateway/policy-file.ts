import { readFile, stat } from 'node:fs/promises'
import type { Logger } from 'pino'
import { compilePolicy } from '../policy/compile.ts'
import type { CompiledPolicy } from '../policy/compile.ts'
import { formatProblem } from '../policy/problem.ts'
import { GatewatchError } from '../runtime/errors.ts'

export interface PolicyFile {
  readonly current: () => CompiledPolicy
  /** Reads the file again now; false when it is wrong, and then the policy in force stays. */
  readonly reload: () => Promise<boolean>
  stop(): void
}

/** A change is seen after this long. Asking beats being told: mounts that swap a link tell nobody. */
const LOOK_EVERY_MS = 1000

/**
 * Opens a policy file, which must be right at the start (`ERR_POLICY_INVALID`
 * lists every mistake), and follows its changes: a file that has become wrong
 * leaves the policy in force and says so.
 */
export async function openPolicyFile(
  path: string | undefined,
  logger: Logger,
  changed: (policy: CompiledPolicy) => void = () => {},
): Promise<PolicyFile> {
  if (path === undefined)
    throw new GatewatchError(
      'ERR_CONFIG_INVALID',
      'The gateway needs a policy; set gateway.policy_file (GATEWATCH_GATEWAY__POLICY_FILE), for example to a copy of deploy/policies/intranet.yaml.',
    )
  return followFile(path, logger, changed)
}

async function followFile(
  path: string,
  logger: Logger,
  changed: (policy: CompiledPolicy) => void,
): Promise<PolicyFile> {
  let policy = await load(path)
  let seen = await stampOf(path)
  let busy = false

  async function reload(): Promise<boolean> {
    seen = await stampOf(path)
    try {
      const next = await load(path)
      if (next.revision === policy.revision) return true
      policy = next
      logger.info({ policy_revision: policy.revision }, 'the changed policy is in force')
      changed(policy)
      return true
    } catch (error) {
      logger.error(
        { err: error, policy_revision: policy.revision },
        'the changed policy is not usable, so the one before stays in force; correct the file',
      )
      return false
    }
  }

  const timer = setInterval(() => {
    if (busy) return
    busy = true
    void stampOf(path)
      .then((stamp) => (stamp === seen ? undefined : reload()))
      .finally(() => {
        busy = false
      })
  }, LOOK_EVERY_MS)
  timer.unref()
  return { current: () => policy, reload, stop: () => clearInterval(timer) }
}

async function load(path: string): Promise<CompiledPolicy> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new GatewatchError(
      'ERR_POLICY_INVALID',
      `The policy file ${path} can't be read; correct gateway.policy_file or the file's permissions.`,
      { cause: error },
    )
  }
  const { policy, problems } = compilePolicy(text, path)
  if (policy) return policy
  const count = problems.length === 1 ? '1 mistake' : `${problems.length} mistakes`
  throw new GatewatchError(
    'ERR_POLICY_INVALID',
    `The policy has ${count}; correct them and start again:\n${problems.map((problem) => `  ${formatProblem(problem)}`).join('\n')}`,
  )
}

async function stampOf(path: string): Promise<string> {
  try {
    const { ino, mtimeMs, size } = await stat(path)
    return `${ino}/${mtimeMs}/${size}`
  } catch {
    return 'unreadable'
  }
}
