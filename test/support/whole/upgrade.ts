import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ClickHouseEndpoint } from '../../../services/runtime/clickhouse/endpoint.ts'

/** A role of some version, and where it works. */
export interface UpgradeRole {
  /** `workers`: scoring and storage, in one process to save its start. */
  readonly name: 'gateway' | 'workers' | 'feedback'
  /** A module of `test/support/log/` that opens the log for a process (`openForChild`), and its argument. */
  readonly log: { readonly module: string; readonly argument: string }
  readonly dataDir: string
  readonly endpoint: ClickHouseEndpoint
  readonly policy: string
  readonly pep_id: string
}

export interface VersionedProcess {
  readonly child: ChildProcess
  /** Of the decision point, when it has one. */
  readonly address: string
  /** SIGTERM; resolves to the exit code. */
  stop(): Promise<number | null>
}

/** The root of this version's code. */
export const THIS_VERSION = fileURLToPath(new URL('../../../', import.meta.url))
const ROLE = fileURLToPath(new URL('upgrade-role.ts', import.meta.url))

/**
 * Makes the next minor version: a copy of the code, with what a minor version
 * may change. Every event has a further field, decisions have a further reason,
 * there is a further topic, a further kind of control record, and a further
 * column, with its migration.
 */
export async function makeNextVersion(directory: string): Promise<string> {
  const root = join(directory, 'next')
  await mkdir(join(root, 'test'), { recursive: true })
  for (const part of ['schemas', 'services', 'test/support', 'package.json'])
    await cp(join(THIS_VERSION, part), join(root, part), { recursive: true })
  await symlink(join(THIS_VERSION, 'node_modules'), join(root, 'node_modules'))
  const field = 'a_field_of_a_later_version: z.record(z.string(), z.unknown()).optional(),'
  let events = 0
  for (const file of await readdir(join(root, 'schemas'))) {
    // Checkpoints are signed: what a later version says there, only that one verifies.
    if (!file.endsWith('.ts') || file === 'checkpoint.ts') continue
    events += await change(
      join(root, 'schemas', file),
      'schema_version: z.literal(1),',
      (text) => text + field,
    )
  }
  if (events < 10) throw new Error('the schemas are not as this knows them')
  const written = "a_field_of_a_later_version: { written_by: 'the next version' }"
  const changes: readonly [file: string, text: string, change: (text: string) => string][] = [
    [
      'schemas/decision.ts',
      'const SINCE_FIRST: ReadonlySet<string> = new Set(',
      (text) => `${text}['/a_field_of_a_later_version', '/reasons']`,
    ],
    ['schemas/reasons.ts', "'policy_permit',", (text) => `${text} 'a_reason_of_a_later_version',`],
    [
      'schemas/topics.ts',
      'export const control = ',
      (text) => `export const aTopicOfALaterVersion = bytesTopic('access.later.v1', { days: 1 })\n${text}`,
    ],
    [
      'services/gateway/record/chain.ts',
      '        ...decision,\n',
      (text) =>
        `${text} ${written}, reasons: [...(decision.reasons ?? []), 'a_reason_of_a_later_version'],\n`,
    ],
    [
      'services/runtime/log/json-record.ts',
      'const text = JSON.stringify(value)',
      (text) =>
        text.replace('value', `/decisions|checkpoints/.test(topic.name) ? value : { ...value, ${written} }`),
    ],
  ]
  for (const [file, text, by] of changes)
    if ((await change(join(root, file), text, by)) === 0) throw new Error(`${file} is not as this knows it`)
  await writeFile(
    join(root, 'schemas/clickhouse/099_add_later.sql'),
    'ALTER TABLE decisions ADD COLUMN IF NOT EXISTS a_field_of_a_later_version String CODEC(ZSTD(3))\n',
  )
  return root
}

async function change(path: string, text: string, by: (text: string) => string): Promise<number> {
  const parts = (await readFile(path, 'utf8')).split(text)
  if (parts.length > 1) await writeFile(path, parts.join(by(text)))
  return parts.length - 1
}

/** Starts a role of the version whose code lies at `root`; resolves when it is ready. */
export async function startRole(root: string, role: UpgradeRole): Promise<VersionedProcess> {
  const child = fork(join(root, relative(THIS_VERSION, ROLE)), [JSON.stringify(role)], { cwd: root })
  const exited = once(child, 'exit')
  const ended = exited.then(() => Promise.reject(new Error(`${role.name} of ${root} ended at its start`)))
  const [message] = await Promise.race([once(child, 'message'), ended])
  ended.catch(() => {})
  return {
    child,
    address: String(message).slice('ready '.length),
    async stop() {
      child.kill('SIGTERM')
      await exited
      return child.exitCode
    },
  }
}
