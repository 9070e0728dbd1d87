import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import type { Written } from './schema-types.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
/** A file that is nowhere but in the compiler's memory. */
const VIRTUAL = join(HERE, 'written-dashboards.ts')

/** Of panels any kind can be named; one that the schema has not is a problem as any other. */
export type PieceType = keyof Written | `panel.${string}`

/** A piece of JSON, and the type of schema-types.ts that it should be of. */
export interface Piece {
  readonly name: string
  readonly type: PieceType
  readonly json: unknown
}

/**
 * What TypeScript's compiler says of the pieces: an unknown option, a value that
 * its enumeration has not, a text where a number belongs, each with the piece's
 * name before it. Literals are checked for excess properties at every depth,
 * which no generic validator of the same types would do.
 */
export function schemaProblems(pieces: readonly Piece[]): string[] {
  const head = `import type { Written } from './schema-types.ts'`
  const lines = pieces.map(
    ({ type, json }, i) => `export const piece${i}: Written['${type}'] = ${JSON.stringify(json)}`,
  )
  const text = [head, ...lines].join('\n')
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2024,
    lib: ['lib.es2024.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: [],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    allowImportingTsExtensions: true,
  }
  const disk = ts.createCompilerHost(options)
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (path) => path === VIRTUAL || disk.fileExists(path),
    readFile: (path) => (path === VIRTUAL ? text : disk.readFile(path)),
    getSourceFile: (path, languageVersion, ...rest) =>
      path === VIRTUAL
        ? ts.createSourceFile(path, text, languageVersion)
        : disk.getSourceFile(path, languageVersion, ...rest),
  }
  const program = ts.createProgram([VIRTUAL], options, host)
  const source = program.getSourceFile(VIRTUAL)
  const found = [...program.getGlobalDiagnostics(), ...program.getOptionsDiagnostics()].concat(
    program.getSyntacticDiagnostics(source),
    program.getSemanticDiagnostics(source),
    // A type that can't be found would let everything pass.
    program.getSemanticDiagnostics(program.getSourceFile(join(HERE, 'schema-types.ts'))),
  )
  return found.map(({ file, start = 0, messageText }) => {
    const line = source?.getLineAndCharacterOfPosition(start).line ?? 0
    const name = file === source ? pieces[line - 1]?.name : undefined
    return `${name ?? 'The schema'}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
}
