import { userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { Tenant } from '../../../schemas/bounds.ts'
import { entityMark } from '../../../schemas/erasure.ts'
import type { Config } from '../../config.ts'
import { collectPerson } from '../../erasure/collect.ts'
import { readPending, type Pending } from '../../erasure/ledger.ts'
import { countRecords } from '../../erasure/log-eraser.ts'
import { erase, newErasure, type ErasureParts } from '../../erasure/main.ts'
import { objections, type Objected } from '../../erasure/objections.ts'
import { unfinished } from '../../erasure/unfinished.ts'
import { namesOf, Person } from '../../erasure/person.ts'
import { openDataDir } from '../../runtime/data-dir.ts'
import { lockDataDir } from '../../runtime/data-dir-lock.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import { erasureSecret } from '../../runtime/erasures/secret.ts'
import type { CliIo } from '../io.ts'
import { progressBar } from '../progress-bar.ts'
import { ROLES } from '../roles/role.ts'
import { erasureParts } from './open-parts.ts'
import { outcomeText, planText, type Plan } from './texts.ts'
import { refuseLiving, spooled } from './refuse-living.ts'

export interface EraseFlags {
  readonly tenant?: string
  readonly by?: string
  readonly dryRun?: boolean
  readonly force?: boolean
  readonly yes?: boolean
  readonly pending?: boolean
  readonly deleteRecords?: boolean
  readonly json?: boolean
}

const NOBODY_KNOWN: Objected = {
  why: 'nobody_known',
  text: 'log and store know nobody of that name: look at the name and at --tenant',
}

/** Erases one subject, or goes on with what is pending. Exit code 1: it was not confirmed. */
export async function runErase(
  config: Config,
  subject: string | undefined,
  flags: EraseFlags,
  io: CliIo,
): Promise<number> {
  const who = subject === undefined ? null : whom(subject, flags.tenant ?? config.tenant)
  if ((who === null) === (flags.pending !== true))
    throw new GatewatchError('ERR_USAGE', 'Name a subject to erase, or give --pending.')
  const delete_records = flags.deleteRecords === true
  if (delete_records && config.kafka === undefined)
    throw new GatewatchError(
      'ERR_USAGE',
      '--delete-records is for Kafka: records of the embedded log are changed where they lie.',
    )
  const dataDir = await openDataDir(config.data_dir)
  const lock = await lockDataDir(dataDir, ['up', ...ROLES, 'erase'], 'erase')
  const bar = progressBar(io, 'erasing {bar} {percentage}%')
  const parts = erasureParts(config, dataDir, (_step, done, all) => bar.show(done, all), {
    delete_records,
  })
  try {
    const secret = await erasureSecret(dataDir, config.erasure)
    const plan = who === null ? null : await planOf(who, secret, flags, parts)
    const all = plan === null ? await unfinished(parts, () => Promise.resolve(secret)) : [overruling(plan)]
    if (plan !== null) {
      bar.stop()
      const out = flags.json === true ? io.stderr : io.stdout
      out.write(planText(plan, delete_records))
      if (flags.dryRun === true) return 0
      if (plan.objections.length > 0 && flags.force !== true)
        throw new GatewatchError(
          'ERR_USAGE',
          `Nothing was erased: ${plan.objections.map(({ text }) => text).join('; ')}. Give --force to erase nevertheless.`,
        )
      if (flags.yes !== true && !(await confirmed(io))) return 1
    }
    for (const pending of all) {
      const outcome = await erase(pending, parts)
      bar.stop()
      io.stdout.write(
        flags.json === true ? `${JSON.stringify(outcome)}\n` : outcomeText(outcome, parts.embedded),
      )
    }
    if (all.length === 0) io.stdout.write('No erasure is pending.\n')
    return 0
  } finally {
    bar.stop()
    await lock.release()
  }
}

/** What was objected, and is done nevertheless, goes on record; of what was cut off that of its beginning stays too. */
function overruling({ pending, objections: all }: Plan): Pending {
  const overruled = [...new Set([...pending.erasure.overruled, ...all.map(({ why }) => why)])]
  return { ...pending, erasure: { ...pending.erasure, overruled } }
}

/** `alice` is a user; another kind is said before a colon. */
function whom(text: string, tenant: string): Pick<Pending['person'], 'tenant' | 'subject'> {
  const [, kind = 'user', id = ''] = /^(?:(user|service|device):)?(.+)$/s.exec(text) ?? []
  const subject = Person.shape.subject.safeParse({ type: kind, id })
  if (!subject.success || !Tenant.safeParse(tenant).success)
    throw new GatewatchError('ERR_USAGE', 'That is no subject and tenant that decisions could name.')
  return { tenant, subject: subject.data }
}

/** What was cut off goes on; else it is found out who is concerned, and what. */
async function planOf(
  who: Pick<Pending['person'], 'tenant' | 'subject'>,
  secret: string,
  flags: EraseFlags,
  parts: ErasureParts,
): Promise<Plan> {
  const { dataDir, now, told } = parts
  const begun = (await readPending(dataDir)).find(
    ({ person }) =>
      person.tenant === who.tenant &&
      person.subject.type === who.subject.type &&
      person.subject.id === who.subject.id,
  )
  const eventLog = await parts.openLog()
  try {
    await refuseLiving(eventLog)
    const spool = await spooled(join(dataDir, 'gateway', 'spool'))
    const store = await parts.openStore()
    try {
      const { person, decisions } =
        begun === undefined
          ? await collectPerson(who, { eventLog, client: store.client }, (done, all) =>
              told('who', done, all),
            )
          : { person: begun.person, decisions: 0 }
      const names = namesOf(person)
      const requested_by = flags.by ?? userInfo().username
      const mark = entityMark(secret, person.tenant, names.entities[0] ?? { type: 'subject', id: '' })
      const again = (await parts.ledger.all()).filter(
        ({ state, entities }) => state === 'done' && entities[0] === mark,
      )
      const records = await countRecords(eventLog, names, now(), (done, all) => told('log', done, all))
      const nobody =
        begun === undefined && decisions === 0 && Object.keys(records).length === 0 && again.length === 0
      return {
        pending: begun ?? { person, erasure: newErasure(person, secret, { requested_by, now_ms: now() }) },
        resumed: begun !== undefined,
        decisions,
        records,
        objections: [
          ...(nobody ? [NOBODY_KNOWN] : []),
          ...(begun === undefined ? await objections(eventLog, names, now()) : []),
          ...spool,
        ],
        before: again.at(-1)?.done_at ?? null,
      }
    } finally {
      await store.close()
    }
  } finally {
    await eventLog.close()
  }
}

async function confirmed(io: CliIo): Promise<boolean> {
  if (io.stdout.isTTY !== true)
    throw new GatewatchError('ERR_USAGE', 'Nothing was erased: nobody is there to confirm it; give --yes.')
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    const answer = await terminal.question('This can not be undone. Erase? Type yes: ')
    return answer.trim().toLowerCase() === 'yes'
  } finally {
    terminal.close()
  }
}
