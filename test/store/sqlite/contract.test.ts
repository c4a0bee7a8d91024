import { storeContract } from "../contract.ts";
import { openStoreUnderTest } from "./open-store.ts";

storeContract(openStoreUnderTest);
