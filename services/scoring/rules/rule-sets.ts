import { gunzipSync, gzipSync } from 'node:zlib'
import { z } from 'zod'
import type { RuleSetRecord } from '../../../schemas/rule-match.ts'
import { ruleSets } from '../../../schemas/topics.ts'
import type { EventLog, OutRecord, Table } from '../../runtime/log/event-log.ts'
import { jsonRecord, readRecord } from '../../runtime/log/json-record.ts'
import { MOST_RULES_BYTES } from './read-directory.ts'
import { compileRules, type RuleFile, type RuleSet } from './language/rule-set.ts'

/** Versions whose texts are kept; each is some kilobytes. */
const MOST_VERSIONS = 100
/** Versions that are compiled at the same time: those that workers have, and the ones before. */
const MOST_COMPILED = 8

/** JSON writes a control character in six bytes; names of files come on top. */
const MOST_UNPACKED_BYTES = 8 * MOST_RULES_BYTES

const Files = z.array(z.strictObject({ file: z.string(), text: z.string() }))

/**
 * The rules that are or were in force, by version. Their texts are in the log,
 * written in the commit that takes them up first: whoever reads a match can read
 * the rules it was matched with, and a replay has the same rules.
 */
export class RuleSets {
  readonly #table: Table
  readonly #compiled = new Map<string, RuleSet>()

  private constructor(table: Table) {
    this.#table = table
  }

  static async open(eventLog: EventLog): Promise<RuleSets> {
    const sets = new RuleSets(await eventLog.openTable(ruleSets))
    await sets.#table.caughtUp()
    return sets
  }

  /** The rules of a version; undefined where its texts are no longer, or not yet, known. */
  of(version: string): RuleSet | undefined {
    const known = this.#compiled.get(version)
    if (known !== undefined) return known
    const record = this.#record(version)
    return record === undefined ? undefined : this.keep(compileRules(filesOf(record)))
  }

  /** Rules that are compiled already. */
  keep(set: RuleSet): RuleSet {
    this.#compiled.delete(set.version)
    this.#compiled.set(set.version, set)
    const [oldest] = this.#compiled.keys()
    if (this.#compiled.size > MOST_COMPILED && oldest !== undefined) this.#compiled.delete(oldest)
    return set
  }

  /** Resolves when all is known that was in the log at the call. */
  caughtUp(): Promise<void> {
    return this.#table.caughtUp()
  }

  /** The texts that were taken up last; empty where none ever were. */
  newest(): readonly RuleFile[] {
    const [newest] = this.#byAge()
    return newest === undefined ? [] : filesOf(newest)
  }

  /** Records that make a version known, and let the oldest go that are too many. */
  published({ version, files }: RuleSet, at: string): OutRecord[] {
    const packed = gzipSync(JSON.stringify(files)).toString('base64')
    const record: RuleSetRecord = { schema_version: 1, version, at, files: packed }
    const old = this.#byAge()
      .filter((each) => each.version !== version)
      .slice(MOST_VERSIONS - 1)
    return [
      jsonRecord(ruleSets, record),
      ...old.map((each) => ({ topic: ruleSets, key: each.version, value: null })),
    ]
  }

  close(): Promise<void> {
    return this.#table.close()
  }

  #record(version: string): RuleSetRecord | undefined {
    return readRecord(ruleSets.schema, { value: this.#table.get(version) ?? null })
  }

  /** The newest first. */
  #byAge(): RuleSetRecord[] {
    return [...this.#table.entries()]
      .flatMap(([, value]) => readRecord(ruleSets.schema, { value }) ?? [])
      .sort((a, b) => b.at.localeCompare(a.at) || a.version.localeCompare(b.version))
  }
}

function filesOf({ files }: RuleSetRecord): RuleFile[] {
  const text = gunzipSync(Buffer.from(files, 'base64'), { maxOutputLength: MOST_UNPACKED_BYTES })
  return Files.parse(JSON.parse(text.toString()))
}
