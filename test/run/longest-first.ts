import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const FOLDERS = ['test/integrity/', 'test/e2e/', 'test/integration/']

/**
 * Files that take long come first, so that no worker ends the run alone with
 * one of them. Without the cache of an earlier run vitest knows sizes only:
 * what takes long is told by the folder.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const rank = ({ moduleId }: TestSpecification): number => {
      const path = relative(this.ctx.config.root, moduleId)
      const folder = FOLDERS.findIndex((one) => path.startsWith(one))
      return folder === -1 ? FOLDERS.length : folder
    }
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}
