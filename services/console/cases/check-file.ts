import { readFile, stat } from 'node:fs/promises'
import { CaseFile } from '../../../schemas/case-file.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import { checkCase, type CaseCheck } from './proof/check-case.ts'
import { isOurPage, packedInPage, pageOf, unpacked } from './html/page.ts'

const MOST_BYTES = 512 * 1024 * 1024

/**
 * Reads a case file and checks it. A page must also be what is drawn from the
 * case inside it: a figure that was altered by hand shows.
 * @throws GatewatchError `ERR_USAGE` when it is no case file at all.
 */
export async function checkCaseFile(path: string, trusted: ReadonlySet<string>): Promise<CaseCheck> {
  const text = await read(path)
  const page = !text.trimStart().startsWith('{')
  const packed = page ? packedInPage(text) : null
  const parsed = CaseFile.safeParse(jsonOf(page ? unpacked(packed) : text))
  if (!parsed.success) throw new GatewatchError('ERR_USAGE', `${path} is no case file of this version.`)
  const check = checkCase(parsed.data, trusted)
  if (packed === null || pageOf(parsed.data, packed) === text) return check
  if (!isOurPage(text)) {
    const note =
      'another version of Gatewatch drew this page: whether it shows what is in the case inside it is not known'
    const verdict = check.verdict === 'proven' ? 'undecided' : check.verdict
    return { ...check, verdict, notes: [...check.notes, note] }
  }
  const what = 'the page does not show what is in the case inside it'
  return { ...check, verdict: 'refuted', problems: [...check.problems, { decision_id: null, what }] }
}

async function read(path: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size <= MOST_BYTES) return await readFile(path, 'utf8')
  } catch (error) {
    throw new GatewatchError('ERR_USAGE', `${path} can't be read.`, { cause: error })
  }
  throw new GatewatchError('ERR_USAGE', `${path} is larger than any case file.`)
}

function jsonOf(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return null
  }
}
