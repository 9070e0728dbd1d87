import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { RuleProblem } from './language/problem.ts'
import type { RuleFile } from './language/rule-set.ts'
import { MOST_FILE_BYTES } from './language/source.ts'

/** All rules together: what fits into one record of the log when packed. */
export const MOST_RULES_BYTES = 2_097_152
const MOST_FILES = 1000
const MOST_DEPTH = 5

/** A directory of rules that can't be used at all. */
export class RuleDirectoryError extends Error {}

/** What a directory holds. One file that can't be read takes nothing from the others. */
export interface RuleDirectory {
  readonly files: readonly RuleFile[]
  /** Files and directories that were passed over, each with the reason. */
  readonly unread: readonly RuleProblem[]
}

interface Wanted {
  readonly name: RegExp
  readonly file_bytes: number
  readonly all_bytes: number
}

const RULES: Wanted = { name: /\.ya?ml$/, file_bytes: MOST_FILE_BYTES, all_bytes: MOST_RULES_BYTES }
const TESTS: Wanted = {
  name: /\.test\.jsonl$/,
  file_bytes: 10 * MOST_RULES_BYTES,
  all_bytes: 10 * MOST_RULES_BYTES,
}

/** Reads the files of tests beside the rules of a directory, `<rule>.test.jsonl`; otherwise as `readRuleDirectory`. */
export function readRuleTests(directory: string): Promise<RuleDirectory> {
  return readBelow(directory, TESTS)
}

/**
 * Reads every `.yml` and `.yaml` below a directory, sorted by path. What begins
 * with a dot is passed over: editors and Kubernetes keep their own things there.
 * Nothing is read of a file that is too large, nor after the thousandth.
 *
 * @throws RuleDirectoryError for a directory that can't be read
 */
export function readRuleDirectory(directory: string): Promise<RuleDirectory> {
  return readBelow(directory, RULES)
}

async function readBelow(directory: string, wanted: Wanted): Promise<RuleDirectory> {
  const files: RuleFile[] = []
  const unread: RuleProblem[] = []
  let bytes = 0
  let isFull = false

  function passOver(file: string, reason: string): void {
    unread.push({ file, line: 1, column: 1, reason })
  }

  async function take(path: string, size: number): Promise<void> {
    if (files.length >= MOST_FILES) {
      isFull = true
      passOver(path, `there are more than ${MOST_FILES} files; this one and those after it are not read`)
    } else if (size > wanted.file_bytes) {
      passOver(path, `the file is larger than ${wanted.file_bytes} bytes`)
    } else if (bytes + size > wanted.all_bytes) {
      passOver(path, `with this file all together are larger than ${wanted.all_bytes} bytes`)
    } else {
      files.push({ file: path, text: await readFile(join(directory, path), 'utf8') })
      bytes += size
    }
  }

  async function walk(below: string, depth: number): Promise<void> {
    const names = await readdir(join(directory, below))
    for (const name of names.sort()) {
      if (isFull || unread.length >= MOST_FILES) return
      if (name.startsWith('.')) continue
      const path = below === '' ? name : `${below}/${name}`
      try {
        // A link is followed: that is how Kubernetes exchanges a mounted file.
        const kind = await stat(join(directory, path))
        if (kind.isFile() && wanted.name.test(name)) await take(path, kind.size)
        else if (!kind.isDirectory()) continue
        else if (depth < MOST_DEPTH) await walk(path, depth + 1)
        else passOver(path, `more than ${MOST_DEPTH} directories deep; what is in it is not read`)
      } catch (error) {
        passOver(path, `can't be read (${codeOf(error)})`)
      }
    }
  }

  try {
    await walk('', 0)
  } catch (error) {
    throw new RuleDirectoryError(`the directory of rules can't be read (${codeOf(error)})`, { cause: error })
  }
  return { files, unread }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
