// What Google's client for Node asks of BigQuery, asked of the sandbox. Prints what came back as one line of JSON.
const {BigQuery} = require('@google-cloud/bigquery');
const {OAuth2Client} = require('google-auth-library');

const [endpoint, projectId, token] = process.argv.slice(2);
const authClient = new OAuth2Client();
authClient.setCredentials({access_token: token});
const bigquery = new BigQuery({projectId, apiEndpoint: endpoint, authClient});

const refusal = async call => {
  try {
    await call();
  } catch (error) {
    return [error.code, (error.errors || [{}])[0].reason];
  }
  return null;
};

async function main() {
  const [dataset] = await bigquery.createDataset('node', {location: 'US'});
  const schema = [{name: 'id', type: 'INT64'}, {name: 'tags', type: 'STRING', mode: 'REPEATED'}];
  const [table] = await dataset.createTable('t', {schema});
  await table.insert([{id: 1, tags: ['a', 'b']}, {id: 2, tags: []}]);
  const [rows] = await table.getRows();
  const query = 'SELECT id FROM `node.t` WHERE id > @least AND @on AND @rate < 2.5';
  const params = {least: 1, on: true, rate: 1.25};
  const [found] = await bigquery.query({query, params});
  const [job] = await bigquery.createQueryJob({query: 'SELECT 1 AS x UNION ALL SELECT 2', dryRun: false});
  const [page, next] = await job.getQueryResults({maxResults: 1, autoPaginate: false});
  const [dry] = await bigquery.createQueryJob({query: 'SELECT id FROM `node.t`', dryRun: true});
  const [metadata] = await dataset.setMetadata({description: 'changed', labels: {team: 'data'}});
  const [datasets] = await bigquery.getDatasets();
  return {
    rows,
    found,
    page,
    more: Boolean(next && next.pageToken),
    dryBytes: dry.metadata.statistics.totalBytesProcessed,
    described: [metadata.description, metadata.labels],
    listed: datasets.map(each => each.id).includes('node'),
    missing: await refusal(() => bigquery.query('SELECT * FROM `node.missing`')),
    wrong: await refusal(() => bigquery.query('SELEC 1')),
    twice: await refusal(() => bigquery.createDataset('node')),
    gone: (await dataset.delete({force: true})).length > 0 && (await dataset.exists())[0],
  };
}

main().then(
  answer => console.log(JSON.stringify(answer)),
  error => {
    console.error(error);
    process.exit(1);
  },
);
