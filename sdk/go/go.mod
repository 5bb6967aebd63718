module orqestra/sdk

go 1.19
