"""Read and write model files, training sets and networks; may import `core` only.

`model_file` reads forests, `network_file` the U-Net. Both take files from strangers:
`archive`, `onnx_file` and `wire_format` parse them without running anything in them,
and `card_schema` with `schema_checks` checks every field of a card.
"""
