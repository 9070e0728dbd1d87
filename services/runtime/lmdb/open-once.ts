import { open } from 'lmdb'

/** A program of its own (see newest.ts): opens the environment that its argument names, and closes it. */
const [path] = process.argv.slice(2)
if (path !== undefined) await open({ path, noSubdir: true, maxDbs: 1, mapSize: 2 ** 38 }).close()
