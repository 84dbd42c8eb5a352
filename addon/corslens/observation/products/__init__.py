"""Which product made a response: marks in the heads, as rules/products/*.yaml describe them."""

from corslens.observation.products.catalog import OwnResponse, Product, ProductCatalog, ProductKind
from corslens.observation.products.head import HeadPattern, Subject

__all__ = ["HeadPattern", "OwnResponse", "Product", "ProductCatalog", "ProductKind", "Subject"]
