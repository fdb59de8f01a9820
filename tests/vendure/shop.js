'use strict';
/**
 * A real Vendure with three products, for the tests: `node shop.js` in a folder where tests/vendure_shop.py has put it.
 *
 * The environment says where its PostgreSQL is (SHOP_SOCKET, SHOP_DATABASE), which port it shall listen at (SHOP_PORT)
 * and where Regulars listens (REGULARS_ADDRESS, REGULARS_SECRET). When it is ready it says so in one line.
 */
const path = require('node:path');
const core = require('@vendure/core');
const { populateInitialData, importProductsFromCsv } = require('@vendure/core/cli');
const { RegularsPlugin } = require('./plugin/regulars');

const { SHOP_SOCKET, SHOP_DATABASE, SHOP_PORT, REGULARS_ADDRESS, REGULARS_SECRET } = process.env;
const ADMIN = { identifier: 'admin', password: 'only-for-tests' };

const config = {
    apiOptions: { port: Number(SHOP_PORT), hostname: '127.0.0.1', cors: false },
    authOptions: {
        tokenMethod: ['bearer', 'api-key'],
        requireVerification: false,
        superadminCredentials: ADMIN,
        cookieOptions: { secret: 'only-for-tests' },
    },
    dbConnectionOptions: {
        type: 'postgres',
        host: SHOP_SOCKET,
        username: 'regulars',
        database: SHOP_DATABASE,
        synchronize: true,
        logging: false,
    },
    logger: new core.DefaultLogger({ level: core.LogLevel.Warn, timestamp: false }),
    paymentOptions: { paymentMethodHandlers: [core.dummyPaymentHandler] },
    plugins: [
        core.DefaultJobQueuePlugin.init({ backoffStrategy: RegularsPlugin.backoff }),
        RegularsPlugin.init({ address: REGULARS_ADDRESS, secret: REGULARS_SECRET }),
    ],
};

const firstData = {
    defaultLanguage: 'en',
    defaultZone: 'Europe',
    countries: [{ code: 'DE', name: 'Germany', zone: 'Europe' }],
    taxRates: [{ name: 'Standard Tax', percentage: 19 }],
    shippingMethods: [{ name: 'Parcel', price: 490, taxRate: 0 }],
    paymentMethods: [
        {
            name: 'Invoice',
            handler: { code: 'dummy-payment-handler', arguments: [{ name: 'automaticSettle', value: 'true' }] },
        },
    ],
    collections: [],
};

async function fill(app) {
    const channels = app.get(core.ChannelService);
    const contexts = app.get(core.RequestContextService);
    let ctx = await contexts.create({ apiType: 'admin' });
    const euro = { defaultCurrencyCode: 'EUR', availableCurrencyCodes: ['EUR'], pricesIncludeTax: true };
    await channels.update(ctx, { id: ctx.channelId, ...euro });
    await populateInitialData(app, firstData);
    await importProductsFromCsv(app, path.join(__dirname, 'products.csv'), 'en');
}

async function main() {
    const app = await core.bootstrap(config);
    await fill(app);
    await app.get(core.JobQueueService).start();
    process.stdout.write('The shop is open.\n');
}

main().catch(error => {
    process.stderr.write(`${error.stack || error}\n`);
    process.exit(1);
});
