import type { Logger } from 'pino'
import { GatewatchError } from '../../runtime/errors.ts'
import { compileRules, versionOf, type RuleFile, type RuleSet } from './language/rule-set.ts'
import { formatProblem, type RuleProblem } from './language/problem.ts'
import {
  MOST_RULES_BYTES,
  readRuleDirectory,
  RuleDirectoryError,
  type RuleDirectory,
} from './read-directory.ts'

/** Problems that are logged one by one. */
const MOST_TOLD = 50

export interface RuleLoaderOptions {
  readonly directory: string
  /** Between two looks at the directory. */
  readonly refresh_ms: number
  readonly logger: Logger
  /** The texts that were in force last, in whichever process: where the last good version of a broken file is. */
  readonly before: readonly RuleFile[]
}

/** The rules of a directory as they are in force, exchanged as a whole when files change. */
export interface RuleLoader {
  readonly current: RuleSet
  /** What is wrong with the files as they are now. */
  readonly problems: readonly RuleProblem[]
  /** Files whose last good version is in force, since they are broken. */
  readonly kept: readonly string[]
  /** The last look failed. */
  readonly failing: boolean
  stop(): Promise<void>
}

/**
 * Reads and compiles the rules of a directory, and looks again for as long as it
 * lives. A change is taken up when it stood still from one look to the next, so
 * that no file is read half written. A file that is broken, or can't be read,
 * keeps its last good version, as a whole; where there is none, its good rules
 * are in force. A look that fails changes nothing.
 *
 * @throws GatewatchError `ERR_CONFIG_INVALID` when the directory can't be read at the start
 */
export async function openRuleLoader({
  directory,
  refresh_ms,
  logger,
  before,
}: RuleLoaderOptions): Promise<RuleLoader> {
  let found: RuleDirectory
  try {
    found = await readRuleDirectory(directory)
  } catch (error) {
    if (!(error instanceof RuleDirectoryError)) throw error
    throw new GatewatchError('ERR_CONFIG_INVALID', `scoring.rules.directory: ${error.message}.`, {
      cause: error,
    })
  }
  let good = goodOf(before)
  let loaded = load(found, good)
  let seen = lookOf(found)
  let read = seen
  let failing = false
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> = Promise.resolve()
  let stopped = false

  function take(next: RuleDirectory): void {
    loaded = load(next, good)
    good = loaded.good
    tell(logger, loaded)
  }

  async function look(): Promise<void> {
    try {
      const next = await readRuleDirectory(directory)
      if (failing) logger.info('the directory of rules is read again')
      failing = false
      const version = lookOf(next)
      if (version === seen && version !== read) {
        read = version
        take(next)
      }
      seen = version
    } catch (error) {
      if (!(error instanceof RuleDirectoryError)) throw error
      if (!failing) logger.warn({ reason: error.message }, 'the rules can not be read; those in force stay')
      failing = true
    }
  }

  function wait(): void {
    if (stopped) return
    timer = setTimeout(() => {
      looking = look().then(wait, (error: unknown) => {
        logger.warn({ err: error }, 'a look at the rules failed; those in force stay')
        wait()
      })
    }, refresh_ms).unref()
  }

  good = loaded.good
  tell(logger, loaded)
  wait()
  return {
    get current() {
      return loaded.set
    },
    get problems() {
      return loaded.problems
    },
    get kept() {
      return loaded.kept
    },
    get failing() {
      return failing
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await looking
    },
  }
}

interface Loaded {
  readonly set: RuleSet
  readonly problems: readonly RuleProblem[]
  readonly kept: readonly string[]
  readonly good: ReadonlyMap<string, string>
}

/** Compiles files, those that are broken or were not read in their last good version, as far as there is room. Pure. */
function load({ files, unread }: RuleDirectory, good: ReadonlyMap<string, string>): Loaded {
  const tried = compileRules(files)
  const broken = new Set(tried.problems.map(({ file }) => file))
  const next = new Map<string, string>()
  const kept: string[] = []
  let bytes = bytesOf(files)
  const keep = (file: string, now: string): RuleFile | undefined => {
    const last = good.get(file)
    const more = Buffer.byteLength(last ?? '') - Buffer.byteLength(now)
    if (last === undefined || bytes + more > MOST_RULES_BYTES) return undefined
    bytes += more
    next.set(file, last)
    kept.push(file)
    return { file, text: last }
  }
  const inForce = files.map((each) => {
    if (broken.has(each.file)) return keep(each.file, each.text) ?? each
    next.set(each.file, each.text)
    return each
  })
  inForce.push(...unread.flatMap(({ file }) => keep(file, '') ?? []))
  const set = kept.length === 0 ? tried : compileRules(inForce)
  return { set, problems: [...unread, ...tried.problems], kept, good: next }
}

/** Tells one look at a directory from another. */
function lookOf({ files, unread }: RuleDirectory): string {
  return [versionOf(files), ...unread.map(formatProblem)].join('\n')
}

function bytesOf(files: readonly RuleFile[]): number {
  return files.reduce((bytes, { text }) => bytes + Buffer.byteLength(text), 0)
}

function goodOf(files: readonly RuleFile[]): ReadonlyMap<string, string> {
  const broken = new Set(compileRules(files).problems.map(({ file }) => file))
  return new Map(files.filter(({ file }) => !broken.has(file)).map(({ file, text }) => [file, text]))
}

function tell(logger: Logger, { set, problems, kept }: Loaded): void {
  const about = { version: set.version, rules: set.matched.length, correlations: set.correlations }
  logger.info(about, 'rules are in force')
  for (const problem of problems.slice(0, MOST_TOLD)) {
    const { file, line, column, reason } = problem
    logger.warn(
      { file, line, column, reason, last_good: kept.includes(file) },
      `rule can not be used: ${formatProblem(problem)}`,
    )
  }
  if (problems.length > MOST_TOLD)
    logger.warn({ problems: problems.length }, `${problems.length - MOST_TOLD} more rules can not be used`)
}
