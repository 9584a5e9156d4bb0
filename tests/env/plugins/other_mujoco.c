/* Exports what the plugin dmc looks for in MuJoCo's library, and says that it is another version. */
#define STUB(NAME)                                                                                                     \
    void NAME(void);                                                                                                   \
    void NAME(void)                                                                                                    \
    {                                                                                                                  \
    }

STUB(mj_deleteData)
STUB(mj_deleteModel)
STUB(mj_forward)
STUB(mj_id2name)
STUB(mj_loadXML)
STUB(mj_makeData)
STUB(mj_name2id)
STUB(mj_resetData)
STUB(mj_step)
STUB(mj_step1)
STUB(mj_step2)
STUB(mjr_freeContext)
STUB(mjr_makeContext)
STUB(mjr_readPixels)
STUB(mjr_render)
STUB(mjr_resizeOffscreen)
STUB(mjr_setBuffer)
STUB(mju_setLogHandler)
STUB(mjv_defaultCamera)
STUB(mjv_defaultOption)
STUB(mjv_freeScene)
STUB(mjv_makeScene)
STUB(mjv_updateScene)

int mj_version(void);

int mj_version(void)
{
    return 4000000;
}
