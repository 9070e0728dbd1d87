import { dirname } from 'node:path'
import { backupsDirectory } from '../endpoint-file.ts'

/**
 * The engine's own configuration. Its defaults take most of a machine (caches of
 * 5 GiB, nine tenths of the memory); these were found by measuring the resident
 * memory of a child under inserts and panels, see the folder's README.
 *
 * Grants: no SOURCES, so that no statement reads or writes a file, a URL or
 * another server, whoever sends it; tables only of the engines that keep their
 * data in the data directory. BACKUP and RESTORE reach one directory beside it.
 *
 * With a directory for cold rows there is a storage policy `tiers` of two volumes, `default` and `cold`.
 */
export function engineConfig(path: string, coldDir?: string): string {
  return `<clickhouse>
${coldDir === undefined ? '' : tiers(coldDir)}  <backups><allowed_path>${backupsDirectory(dirname(path))}</allowed_path></backups>
  <max_server_memory_usage>${600 * MIB}</max_server_memory_usage>
  <mark_cache_size>${32 * MIB}</mark_cache_size>
  <index_mark_cache_size>${16 * MIB}</index_mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <primary_index_cache_size>${16 * MIB}</primary_index_cache_size>
  <query_condition_cache_size>${8 * MIB}</query_condition_cache_size>
  <compiled_expression_cache_size>${8 * MIB}</compiled_expression_cache_size>
  <mmap_cache_size>0</mmap_cache_size>
  <text_index_tokens_cache_size>0</text_index_tokens_cache_size>
  <text_index_header_cache_size>0</text_index_header_cache_size>
  <text_index_postings_cache_size>0</text_index_postings_cache_size>
  <vector_similarity_index_cache_size>0</vector_similarity_index_cache_size>
  <iceberg_metadata_files_cache_size>0</iceberg_metadata_files_cache_size>
  <parquet_metadata_cache_size>0</parquet_metadata_cache_size>
  <max_thread_pool_size>256</max_thread_pool_size>
  <max_thread_pool_free_size>16</max_thread_pool_free_size>
  <threadpool_local_fs_reader_pool_size>8</threadpool_local_fs_reader_pool_size>
  <threadpool_remote_fs_reader_pool_size>1</threadpool_remote_fs_reader_pool_size>
  <prefetch_threadpool_pool_size>4</prefetch_threadpool_pool_size>
  <load_marks_threadpool_pool_size>4</load_marks_threadpool_pool_size>
  <threadpool_writer_pool_size>4</threadpool_writer_pool_size>
  <timezone>UTC</timezone>
  <users_config>${path}</users_config>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users>
    <default>
      <no_password/>
      <networks><ip>::/0</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT CHECK, SHOW, SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP, UNDROP TABLE, TRUNCATE, OPTIMIZE, KILL QUERY, SYSTEM, BACKUP, dictGet ON *.*</query>
        ${ENGINES.map((engine) => `<query>GRANT TABLE ENGINE ON ${engine}</query>`).join('\n        ')}
        <query>GRANT SET DEFINER ON *</query>
      </grants>
    </default>
  </users>
</clickhouse>
`
}

function tiers(coldDir: string): string {
  return `  <storage_configuration>
    <disks><cold><path>${asText(coldDir)}/</path></cold></disks>
    <policies><tiers><volumes>
      <default><disk>default</disk></default>
      <cold><disk>cold</disk></cold>
    </volumes></tiers></policies>
  </storage_configuration>
`
}

function asText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

const MIB = 1024 * 1024
const ENGINES = [
  'MergeTree',
  'ReplacingMergeTree',
  'AggregatingMergeTree',
  'SummingMergeTree',
  'CollapsingMergeTree',
  'VersionedCollapsingMergeTree',
  'Memory',
  'Null',
  'Set',
  'Join',
  'Buffer',
  'Merge',
]
