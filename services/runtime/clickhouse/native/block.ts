import { ByteBuffer } from './byte-buffer.ts'
import { DictionaryColumn } from './dictionary-column.ts'
import { ListColumn, NumbersByName } from './list-column.ts'
import { NumberColumn, numberType } from './number-column.ts'
import { StringColumn } from './string-column.ts'

export type Column = StringColumn | DictionaryColumn | NumberColumn | ListColumn | NumbersByName

/*
 * A column that is cleared is empty again and keeps its room: a block's columns are some 20 MB, and to
 * make them anew for each block costs the kernel's zeroing and the garbage collector's work.
 */

/** An empty column of a ClickHouse type, with room for so many rows at first. Throws `TypeError` on one that nothing here writes. */
export function openColumn(type: string, rows = 1024): Column {
  if (type === 'String') return new StringColumn()
  if (type === 'LowCardinality(String)') return new DictionaryColumn(rows)
  if (type === 'Array(LowCardinality(String))') return new ListColumn()
  if (type === 'Map(LowCardinality(String), Float32)') return new NumbersByName()
  const nullable = /^Nullable\((.*)\)$/.exec(type)?.[1]
  const number = numberType(nullable ?? type)
  if (number === null) throw new TypeError(`a column of type ${type} can't be written`)
  return new NumberColumn(nullable ?? type, number, { nullable: nullable !== undefined, rows })
}

/**
 * The columns as one block of the Native format, in parts to be sent one after
 * the other. Half of the engine's time of an insert from JSONEachRow is parsing
 * (measured); this has next to none.
 *
 * @see ClickHouse, src/Formats/NativeReader.cpp (revision 0)
 */
export function nativeBlock(columns: ReadonlyMap<string, Column>, rows: number): Buffer[] {
  const out: Buffer[] = []
  const head = new ByteBuffer(32)
  head.varint(columns.size)
  head.varint(rows)
  out.push(head.view())
  for (const [name, column] of columns) {
    const title = new ByteBuffer(128)
    title.text(name)
    title.text(column.type)
    out.push(title.view())
    if (rows === 0) continue
    column.prefix(out)
    column.data(out)
  }
  return out
}
