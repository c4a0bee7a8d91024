import { storeContract } from "../contract.ts";
import { openStoreUnderTest, useServer } from "./open-store.ts";

useServer();
storeContract(openStoreUnderTest);
