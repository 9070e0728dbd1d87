import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { RuleFile } from './language/rule-set.ts'

/** All rules together: what fits into one record of the log when packed. */
export const MOST_RULES_BYTES = 2_097_152
const MOST_FILES = 1000
const MOST_DEPTH = 5

/** A directory of rules that can't be used at all. */
export class RuleDirectoryError extends Error {}

const RULES = /\.ya?ml$/
const TESTS = /\.test\.jsonl$/

/** Reads the files of tests beside the rules of a directory, `<rule>.test.jsonl`; otherwise as `readRuleDirectory`. */
export function readRuleTests(directory: string): Promise<RuleFile[]> {
  return readBelow(directory, TESTS, MOST_RULES_BYTES * 10)
}

/**
 * Reads every `.yml` and `.yaml` below a directory, sorted by path. What begins
 * with a dot is passed over: editors and Kubernetes keep their own things there.
 *
 * @throws RuleDirectoryError for a directory that can't be read, or is too large
 */
export function readRuleDirectory(directory: string): Promise<RuleFile[]> {
  return readBelow(directory, RULES, MOST_RULES_BYTES)
}

async function readBelow(directory: string, wanted: RegExp, most: number): Promise<RuleFile[]> {
  const files: RuleFile[] = []
  let bytes = 0

  async function walk(below: string, depth: number): Promise<void> {
    if (depth > MOST_DEPTH)
      throw new RuleDirectoryError(`${below} is more than ${MOST_DEPTH} directories deep`)
    const names = await readdir(join(directory, below))
    for (const name of names.sort()) {
      if (name.startsWith('.')) continue
      const path = below === '' ? name : `${below}/${name}`
      // A link is followed: that is how Kubernetes exchanges a mounted file.
      const kind = await stat(join(directory, path))
      if (kind.isDirectory()) await walk(path, depth + 1)
      else if (kind.isFile() && wanted.test(name)) {
        if (files.length >= MOST_FILES) throw new RuleDirectoryError(`more than ${MOST_FILES} files of rules`)
        bytes += kind.size
        if (bytes > most) throw new RuleDirectoryError(`the files are larger than ${most} bytes together`)
        files.push({ file: path, text: await readFile(join(directory, path), 'utf8') })
      }
    }
  }

  try {
    await walk('', 0)
  } catch (error) {
    if (error instanceof RuleDirectoryError) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new RuleDirectoryError(`the directory of rules can't be read (${code})`, { cause: error })
  }
  return files
}
