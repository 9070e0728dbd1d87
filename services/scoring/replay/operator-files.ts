import type { Logger } from 'pino'
import type { ScoringConfig } from '../config.ts'
import type { Enrich } from '../enrich/enrich.ts'
import { readKeptLists } from '../lists/kept-lists.ts'
import { openEnrich } from '../main.ts'
import type { PlayRulesOptions } from '../rules/play-rules.ts'
import { compileRules } from '../rules/language/rule-set.ts'
import { formatProblem } from '../rules/language/problem.ts'
import { readRuleDirectory, RuleDirectoryError } from '../rules/read-directory.ts'
import { GatewatchError } from '../../runtime/errors.ts'

/** What the operator has written down, as a past range or labelled decisions are scored with it. */
export interface OperatorFiles {
  readonly enrich: Enrich
  /** Lists that are fetched from elsewhere and not kept on this machine. */
  readonly unread_lists: readonly string[]
  readonly rules: PlayRulesOptions | undefined
  /** Rules that can't be used, one a line. */
  readonly problems: readonly string[]
}

/**
 * Reads the operator's networks, lists and rules, each once.
 *
 * @throws GatewatchError `ERR_CONFIG_INVALID` for a file or directory that can't be read
 */
export async function openOperatorFiles(
  config: ScoringConfig,
  { dataDir, logger }: { readonly dataDir: string; readonly logger: Logger },
): Promise<OperatorFiles> {
  const lists = await readKeptLists(config.lists, { dataDir, logger })
  const enrich = await openEnrich(config, lists)
  const { rules } = config
  if (rules === undefined) return { enrich, unread_lists: lists.unread, rules: undefined, problems: [] }
  try {
    const { files, unread } = await readRuleDirectory(rules.directory)
    const set = compileRules(files)
    return {
      enrich,
      unread_lists: lists.unread,
      rules: { set, mostADay: rules.findings_per_day, groups: rules.groups },
      problems: [...unread, ...set.problems].map((problem) =>
        formatProblem({ ...problem, file: `${rules.directory}/${problem.file}` }),
      ),
    }
  } catch (error) {
    if (!(error instanceof RuleDirectoryError)) throw error
    throw new GatewatchError('ERR_CONFIG_INVALID', `${rules.directory}: ${error.message}.`, { cause: error })
  }
}
