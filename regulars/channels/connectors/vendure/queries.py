"""The questions that are asked. They name the fields of plugin/shapes.js, and no others."""

PRECISION = "query { globalSettings { serverConfig { moneyStrategyPrecision } } }"

_ADDRESS = "fullName company streetLine1 streetLine2 city province postalCode phoneNumber"

_CUSTOMER = f"""
id createdAt updatedAt firstName lastName emailAddress phoneNumber
user {{ verified }}
groups {{ name }}
addresses {{ {_ADDRESS} defaultShippingAddress defaultBillingAddress updatedAt country {{ code }} }}
"""

CUSTOMERS = (
    f"query($options: CustomerListOptions) {{ customers(options: $options) {{ totalItems items {{ {_CUSTOMER} }} }} }}"
)

PRODUCTS = """
query($options: ProductListOptions) { products(options: $options) { totalItems items {
  id createdAt updatedAt name slug enabled
  featuredAsset { preview }
  facetValues { name facet { code } }
  variants { id createdAt updatedAt sku name priceWithTax currencyCode enabled }
} } }
"""

ORDERS = f"""
query($options: OrderListOptions) {{ orders(options: $options) {{ totalItems items {{
  id createdAt updatedAt code type state active orderPlacedAt currencyCode couponCodes
  shippingWithTax total totalWithTax
  customer {{ {_CUSTOMER} }}
  shippingAddress {{ {_ADDRESS} countryCode }}
  billingAddress {{ {_ADDRESS} countryCode }}
  lines {{
    id createdAt updatedAt quantity orderPlacedQuantity unitPriceWithTax
    proratedUnitPrice proratedUnitPriceWithTax proratedLinePriceWithTax
    productVariant {{ id sku name product {{ name }} }}
  }}
  surcharges {{ id createdAt updatedAt description sku price priceWithTax }}
  promotions {{ id couponCode }}
  discounts {{ adjustmentSource amountWithTax }}
  shippingLines {{ priceWithTax discounts {{ adjustmentSource amountWithTax }} }}
  payments {{
    id createdAt updatedAt method amount state transactionId
    refunds {{ id createdAt updatedAt total method state transactionId reason lines {{ orderLineId quantity }} }}
  }}
  fulfillments {{ id createdAt updatedAt state lines {{ orderLineId quantity }} }}
  modifications {{ lines {{ orderLineId quantity }} }}
}} }} }}
"""
